import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCredentials } from '../../../infra/local/credentials.ts';
import { kafkaServer } from '../../../infra/local/kafka.ts';
import { questdbServer } from '../../../infra/local/questdb.ts';
import { redisServer } from '../../../infra/local/redis.ts';
import { loadConfig, type Config } from '../../../src/config/config.ts';
import { type Credentials } from '../../../src/config/credentials.ts';

let config: Config;
let made: Credentials;
beforeAll(() => {
  config = loadConfig({ TICKLOOM_DATA_DIR: mkdtempSync(join(tmpdir(), 'tickloom-settings-')) });
  made = makeCredentials(config);
});
afterAll(() => {
  rmSync(config.dataDir, { recursive: true });
});

describe('the settings of a server', () => {
  test('of QuestDB close both ways in, and give a browser nothing that it sends by itself', () => {
    const { settings } = questdbServer(config);
    const lines = settings.split('\n');
    for (const [prefix, name] of [
      ['http', 'questdb_http'],
      ['pg', 'questdb_pg'],
      ['pg.readonly', 'questdb_pg_readonly'],
    ] as const) {
      expect(lines).toContain(`${prefix}.user=${made[name]?.user}`);
      expect(lines).toContain(`${prefix}.password=${made[name]?.password}`);
    }
    expect(lines).toContain('pg.readonly.user.enabled=true');
    expect(lines).toContain('http.server.cookies.enabled=false');
  });

  test('of Redis want the password', () => {
    expect(redisServer(config).settings).toContain(`requirepass "${made.redis?.password}"\n`);
  });

  test('of Kafka want one where the setting says so, at both ports', () => {
    expect(kafkaServer(config).settings).not.toContain('SASL');
    const env = { TICKLOOM_DATA_DIR: config.dataDir, TICKLOOM_KAFKA_SASL: 'plain' };
    const { settings } = kafkaServer(loadConfig(env));
    expect(settings).toContain('PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT\n');
    expect(settings.split(`user_tickloom="${made.kafka?.password}"`)).toHaveLength(3);
  });
});
