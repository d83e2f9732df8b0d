import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROJECT_DIR } from '../../src/code-files.ts';
import {
  CONFIG_EXIT_CODE,
  ConfigError,
  SETTINGS,
  childEnv,
  configHelp,
  loadConfig,
} from '../../src/config/config.ts';

function findProblems(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('defaults', () => {
  test('are those that users are promised', () => {
    const defaults = Object.fromEntries(SETTINGS.map((each) => [each.env, each.default]));
    expect(defaults).toMatchObject({
      TICKLOOM_DATA_DIR: '.tickloom',
      TICKLOOM_KAFKA_BROKERS: '127.0.0.1:19092',
      TICKLOOM_QUESTDB_URL: 'http://127.0.0.1:19000',
      TICKLOOM_QUESTDB_PG_URL: 'postgres://127.0.0.1:18812/qdb',
      TICKLOOM_POSTGRES_URL: 'postgres://tickloom@127.0.0.1:15432/tickloom',
      TICKLOOM_REDIS_URL: 'redis://127.0.0.1:16379',
      TICKLOOM_HTTP_PORT: '8088',
      TICKLOOM_HTTP_HOST: '127.0.0.1',
      TICKLOOM_TOPIC_PREFIX: '',
      TICKLOOM_PARTITIONS: '4',
      TICKLOOM_LATENESS_MS: '2000',
      TICKLOOM_HORIZON: '1h',
    });
  });

  test('lie in the project wherever the command is called from', () => {
    const { dataDir, artefactsDir } = loadConfig({});
    expect(dataDir).toBe(join(PROJECT_DIR, '.tickloom'));
    expect(artefactsDir).toBe(join(PROJECT_DIR, '.tickloom', 'artefacts'));
  });

  test('come as numbers in microseconds and as a frozen object', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      partitions: 4,
      latenessUs: 2_000_000,
      horizonUs: 3_600_000_000,
      retrainEveryUs: 86_400_000_000,
      modelExpiresUs: 15_552_000_000_000,
      orderLatencyUs: 250_000,
      kafkaBrokers: ['127.0.0.1:19092'],
      controlKey: null,
      unknownSettings: [],
    });
    expect(Object.isFrozen(config)).toBe(true);
  });
});

describe('what is given', () => {
  test('counts as not set when it is empty', () => {
    expect(loadConfig({ TICKLOOM_PARTITIONS: '', TICKLOOM_DATA_DIR: '' })).toEqual(loadConfig({}));
  });

  test('is overridden by flags, and not by flags that are absent', () => {
    const env = { TICKLOOM_PARTITIONS: '2', TICKLOOM_HORIZON: '5m' };
    const flags = { TICKLOOM_PARTITIONS: '8', TICKLOOM_HORIZON: undefined };
    expect(loadConfig(env, flags)).toMatchObject({ partitions: 8, horizon: '5m' });
  });

  test('takes the artefacts along with the data directory unless they have their own', () => {
    const dataDir = '/tmp/somewhere';
    const own = { TICKLOOM_DATA_DIR: dataDir, TICKLOOM_ARTEFACTS_DIR: '/tmp/elsewhere' };
    expect(loadConfig({ TICKLOOM_DATA_DIR: dataDir }).artefactsDir).toBe(`${dataDir}/artefacts`);
    expect(loadConfig(own).artefactsDir).toBe('/tmp/elsewhere');
  });

  test('reaches a child process whole', () => {
    const config = loadConfig({
      TICKLOOM_DATA_DIR: '/tmp/somewhere',
      TICKLOOM_KAFKA_BROKERS: 'a:1, b:2',
      TICKLOOM_TOPIC_PREFIX: 'x.',
      TICKLOOM_LATENESS_MS: '0',
      TICKLOOM_RETRAIN_EVERY: '2h',
      TICKLOOM_MODEL_EXPIRES: '30d',
      TICKLOOM_TRAIN_SEEDS: '3',
      TICKLOOM_TRAIN_KINDS: 'gbdt,rf',
      TICKLOOM_TARGET_WIN_RATE: '0.55',
      TICKLOOM_CONTROL_KEY: 'k'.repeat(40),
    });
    expect(loadConfig(childEnv(config, {}))).toEqual(config);
  });

  test('reaches a child process as what it is after a change, whatever the parent has', () => {
    const config = { ...loadConfig({}), latenessUs: 7_000, partitions: 9, labels: ['a', 'b'] };
    const env = childEnv(config, {
      TICKLOOM_PARTITIONS: '3',
      TICKLOOM_TLS_CA: '/ca',
      PATH: '/bin',
    });
    expect(env).toMatchObject({
      TICKLOOM_LATENESS_MS: '7',
      TICKLOOM_PARTITIONS: '9',
      PATH: '/bin',
    });
    expect(env).toMatchObject({ TICKLOOM_LABELS: 'a,b', TICKLOOM_TLS_CA: '/ca' });
    const mustBe = SETTINGS.filter((setting) => setting.default !== null);
    expect(mustBe.filter((setting) => env[setting.env] === undefined)).toEqual([]);
  });

  test('is a list of kinds of model in their own order, boosted trees without it', () => {
    expect(loadConfig({}).trainKinds).toEqual(['gbdt']);
    expect(loadConfig({ TICKLOOM_TRAIN_KINDS: 'rf, gbdt,rf' }).trainKinds).toEqual(['gbdt', 'rf']);
  });

  test('names variables that no setting has the name of', () => {
    const { unknownSettings } = loadConfig({ TICKLOOM_PARTITION: '2', PATH: '/bin' });
    expect(unknownSettings).toEqual(['TICKLOOM_PARTITION']);
  });
});

describe('what is wrong', () => {
  test.each([
    ['TICKLOOM_PARTITIONS', '0'],
    ['TICKLOOM_PARTITIONS', '4.5'],
    ['TICKLOOM_PARTITIONS', ' 4'],
    ['TICKLOOM_HTTP_PORT', '65536'],
    ['TICKLOOM_LATENESS_MS', '-1'],
    ['TICKLOOM_HORIZON', '1w'],
    ['TICKLOOM_HORIZON', '0s'],
    ['TICKLOOM_KAFKA_BROKERS', '127.0.0.1'],
    ['TICKLOOM_KAFKA_BROKERS', 'a:1,'],
    ['TICKLOOM_QUESTDB_URL', '127.0.0.1:9000'],
    ['TICKLOOM_POSTGRES_URL', 'mysql://localhost/x'],
    ['TICKLOOM_REDIS_URL', 'redis:'],
    ['TICKLOOM_TOPIC_PREFIX', 'a b'],
    ['TICKLOOM_LOG_LEVEL', 'loud'],
    ['TICKLOOM_TRAIN_KINDS', 'rf'],
    ['TICKLOOM_TRAIN_KINDS', 'gbdt,dart'],
    ['TICKLOOM_TRAIN_KINDS', 'gbdt,'],
    ['TICKLOOM_TARGET_WIN_RATE', '55'],
    ['TICKLOOM_TARGET_WIN_RATE', '0'],
    ['TICKLOOM_TARGET_WIN_RATE', '1.5'],
    ['TICKLOOM_TARGET_WIN_RATE', '55%'],
    ['TICKLOOM_CONTROL_KEY', 'short'],
  ])('%s as %j is refused by name', (env, text) => {
    const problems = findProblems({ [env]: text });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${env} is .+: .+`));
  });

  test('is reported all at once, with the exit code for it', () => {
    const env = { TICKLOOM_PARTITIONS: 'x', TICKLOOM_HORIZON: 'y', TICKLOOM_LOG_LEVEL: 'z' };
    const error = (() => {
      try {
        return loadConfig(env);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ exitCode: 78, problems: { length: 3 } });
    expect(CONFIG_EXIT_CODE).toBe(78);
    for (const name of Object.keys(env)) expect((error as Error).message).toContain(name);
  });

  test('is shown without passwords and keys', () => {
    const problems = findProblems({
      TICKLOOM_POSTGRES_URL: 'mysql://me:hunter2@db/x',
      TICKLOOM_CONTROL_KEY: 'too-short-hunter2',
    });
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toContain('hunter2');
  });

  test('includes two servers of this machine on one port', () => {
    const problems = findProblems({ TICKLOOM_HTTP_PORT: '19000' });
    expect(problems).toEqual([
      'TICKLOOM_HTTP_PORT has port 19000, which TICKLOOM_QUESTDB_URL has too',
    ]);
    expect(findProblems({ TICKLOOM_QUESTDB_URL: 'http://db:8088' })).toEqual([]);
  });

  test('includes the port behind Kafka, which its controller takes', () => {
    expect(findProblems({ TICKLOOM_REDIS_URL: 'redis://127.0.0.1:19093' })).toEqual([
      'TICKLOOM_REDIS_URL has port 19093, which TICKLOOM_KAFKA_BROKERS (its port + 1) has too',
    ]);
  });
});

test('the help has every setting with its default and meaning', () => {
  const help = configHelp();
  for (const { env, description } of SETTINGS) {
    expect(help).toContain(env);
    expect(help).toContain(description);
  }
  expect(help).toContain('TICKLOOM_HORIZON (duration, default: 1h)');
});
