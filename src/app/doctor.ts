/**
 * What an operator would check by hand, one finding a check: servers, topics, tables, stages,
 * instruments, disk and clocks, and what was reported and not dealt with.
 */
import { TOPICS } from '../../pipelines/flow.ts';
import { withAdmin } from '../kafka/kafka.ts';
import { redisFinding } from '../queue/redis-health.ts';
import { awayServers, type ServerName } from '../runtime/server-probe.ts';
import { nowUs } from '../clock.ts';
import { readAlerts } from '../postgres/tables/alerts.ts';
import { deadCounts } from '../postgres/tables/dead-letters.ts';
import { openErrors } from '../postgres/tables/errors.ts';
import { partitionClocks } from '../postgres/tables/log-clocks.ts';
import { readSetting } from '../postgres/tables/settings.ts';
import { splitAlert, splitInstruments } from '../postgres/tables/split-instruments.ts';
import { refuseSuspended } from '../questdb/tables/suspended.ts';
import type { Context } from '../runtime/context.ts';
import { judgeBounds, judgeClocks, judgeDisk } from './doctor-judges.ts';
import { installationTime } from '../runtime/installation-time.ts';
import { judgePositions, misfits } from '../runtime/log-positions.ts';
import { measureTopics, measureDisk, idleStages } from './measured.ts';
import { countPartitions, refuseOthers, type Partitions } from '../runtime/partition-guard.ts';

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

interface Check {
  /** Without one of these there is nothing to look at. */
  readonly needs: readonly ServerName[];
  /** Resolves with what is well, or throws what is not. */
  readonly look: (context: Context) => Promise<string>;
}

const CHECKS: Readonly<Record<string, Check>> = {
  kafka: {
    needs: ['kafka'],
    look: async ({ kafka }) => {
      const { brokers } = await withAdmin(kafka, (admin) => admin.describeCluster());
      return `answers, ${brokers.length} ${brokers.length === 1 ? 'broker' : 'brokers'}`;
    },
  },
  postgres: {
    needs: ['postgres'],
    look: async ({ postgres }) => {
      await postgres.query('SELECT count(*) FROM checkpoints');
      return 'answers, and has its tables';
    },
  },
  questdb: {
    needs: ['questdb', 'questdbHttp'],
    look: async (context) => {
      await refuseSuspended(context.questdbReader());
      return 'answers, and applies all of its tables';
    },
  },
  redis: {
    needs: ['redis'],
    look: async ({ config }) => {
      const found = await redisFinding(config);
      if (found !== null) throw new Error(found.message);
      return 'answers, takes writes, and forgets nothing';
    },
  },
  topics: {
    needs: ['kafka', 'postgres'],
    look: async ({ kafka, postgres, topicName }) => {
      const topics = TOPICS.map(({ name }) => topicName(name));
      const now = await countPartitions(kafka, topics);
      const agreed = ((await readSetting(postgres, 'partitions')) ?? {}) as Partitions;
      refuseOthers(agreed, now);
      return topics.map((topic) => `${topic} ${now[topic]}`).join(', ');
    },
  },
  lag: {
    needs: ['kafka'],
    look: async (context) => {
      const lags = await context.flowProbe().lags();
      return lags.map(({ stage, lag }) => `${stage} ${lag}`).join(', ');
    },
  },
  stages: {
    needs: ['postgres', 'kafka'],
    look: async (context) => {
      const open = (await readAlerts(context.postgres)).filter(({ kind }) => kind === 'standstill');
      const found = [...open.map(({ message }) => message), ...(await idleStages(context))];
      if (found.length === 0) return 'none stands still';
      throw new Error(found.join('\n'));
    },
  },
  'dead letters': {
    needs: ['postgres'],
    look: async ({ postgres }) => {
      const counts = await deadCounts(postgres);
      const recent = (await readAlerts(postgres)).filter(({ kind }) => kind === 'dead-letters');
      if (recent.length > 0) throw new Error(recent.map(({ message }) => message).join('\n'));
      const records = counts.reduce((sum, count) => sum + count.records, 0);
      return `${records} ever, none lately`;
    },
  },
  positions: {
    needs: ['kafka', 'postgres'],
    look: async (context) => {
      const topics = TOPICS.map(({ name }) => context.topicName(name));
      const wrong = misfits(await judgePositions(context, topics, { reads: true }));
      if (wrong.length === 0) return 'each in the log that it was taken in';
      throw new Error(`${wrong.join('\n')}\nsee tickloom topics accept --help`);
    },
  },
  instruments: {
    needs: ['postgres'],
    look: async ({ postgres, topicName }) => {
      const ticks = topicName('ticks');
      const split = await splitInstruments(postgres, ticks);
      if (split.length === 0) return 'each on one partition';
      throw new Error(split.map((found) => splitAlert(ticks, found).message).join('\n'));
    },
  },
  alerts: {
    needs: ['postgres'],
    look: async ({ postgres }) => {
      const open = (await readAlerts(postgres)).filter(({ state }) => state === 'open');
      if (open.length === 0) return 'none is open';
      throw new Error(`${open.length} open: see tickloom alerts list`);
    },
  },
  errors: {
    needs: ['postgres'],
    look: async ({ postgres }) => {
      const open = await openErrors(postgres);
      if (open.length === 0) return 'none is open';
      throw new Error(`${open.length} open: see tickloom errors list`);
    },
  },
  disk: {
    needs: [],
    look: async ({ config }) => {
      const disk = measureDisk(config.dataDir);
      return disk === null ? 'no data directory on this machine' : judgeDisk(disk);
    },
  },
  bounds: {
    needs: ['kafka'],
    look: async (context) => {
      const topics = await measureTopics(context);
      return judgeBounds(topics, measureDisk(context.config.dataDir)?.freeBytes ?? null);
    },
  },
  clock: {
    needs: ['postgres'],
    look: async (context) => {
      const { postgres, topicName, config } = context;
      if (config.outbox === 'observe') return 'that of the log that is observed';
      const { rows } = await postgres.query<{ now: number }>('SELECT clock_timestamp() AS now');
      const wallUs = nowUs();
      const clocks = await partitionClocks(postgres, topicName('ticks'));
      const heldUs = clocks.find((clock) => clock.heldUs !== null)?.heldUs ?? null;
      const logUs = await installationTime(context);
      return judgeClocks({ wallUs, postgresUs: rows[0]?.now ?? wallUs, logUs, heldUs });
    },
  },
};

/** Bounded: what needs a server that is away is not looked at, and says so. */
export async function examine(context: Context): Promise<Finding[]> {
  const away = await awayServers(context.config);
  // At once: most of it is waiting for answers.
  return Promise.all(
    Object.entries(CHECKS).map(async ([check, { needs, look }]): Promise<Finding> => {
      const missing = needs.flatMap((server) => away.get(server) ?? []);
      try {
        if (missing.length > 0) throw new Error(missing.join('\n'));
        return { check, ok: true, detail: await look(context) };
      } catch (error) {
        const { message, code } = error as Error & { code?: string };
        return { check, ok: false, detail: message || (code ?? String(error)) };
      }
    }),
  );
}
