/**
 * What every process of an installation opens the same way: configuration, log, Kafka, names.
 *
 * Connections are made when they are first needed, one of each, and closed in reverse order by
 * `close`.
 */
import type { Kafka } from 'kafkajs';
import type { Pool } from 'pg';
import { FLOW } from '../../pipelines/flow.ts';
import { FlowProbe, type StageTopics } from '../kafka/flow-probe.ts';
import { KafkaOutLog, openKafka } from '../kafka/kafka.ts';
import { openPostgres } from '../postgres/postgres.ts';
import { PostgresWitness } from '../postgres/witness.ts';
import { QuestDbReader } from '../questdb/reader.ts';
import { QuestDbWriter } from '../questdb/writer.ts';
import type { Config } from '../config/config.ts';
import { openLog, type Logger } from '../log.ts';
import type { Control } from '../domain/wire.ts';
import type { ControlVerdict } from '../stream/control-key.ts';
import { watermarkChanges } from '../postgres/tables/watermark-changes.ts';
import { MARKET_TABLES } from '../questdb/tables/schema.ts';
import { LabelBacklog } from '../questdb/tables/pending-labels.ts';
import { ControlKeyring } from './control-keys.ts';

export interface Context {
  readonly config: Config;
  readonly role: string;
  readonly log: Logger;
  readonly kafka: Kafka;
  readonly postgres: Pool;
  readonly topicName: (name: string) => string;
  readonly groupId: (stage: string) => string;
  readonly outLog: () => KafkaOutLog;
  readonly questdbReader: () => QuestDbReader;
  readonly questdbWriter: () => QuestDbWriter;
  readonly flowProbe: () => FlowProbe;
  readonly labelBacklog: () => LabelBacklog;
  /** What signs now. */
  readonly controlKey: () => string;
  readonly controlKeys: ControlKeyring;
  readonly verifyControl: (control: Control) => ControlVerdict;
  /** Whether PostgreSQL is still what this process has written to; watched by who runs long. */
  readonly witness: PostgresWitness;
  readonly close: () => Promise<void>;
}

const APPLIED = [...MARKET_TABLES, 'quality_events'];

export function openContext(config: Config, role: string): Context {
  const log = openLog(config.logLevel, role);
  const kafka = openKafka(config.kafka, `tickloom-${role}`, log);
  const keys = new ControlKeyring(config.dataDir, config.controlKey);
  const witness = new PostgresWitness();
  const postgres = openPostgres(config.postgresUrl, {
    applicationName: `tickloom-${role}`,
    sealKeys: () => keys.sealKeys(),
    verify: (client) => witness.verify(client),
  });
  const topicName = (name: string): string => `${config.topicPrefix}${name}`;
  const groupId = (stage: string): string => `${config.topicPrefix}tickloom-${stage}`;
  const closers: (() => Promise<void> | void)[] = [() => postgres.end()];
  const closing = <T>(value: T, close: (value: T) => Promise<void> | void): T => {
    closers.push(() => close(value));
    return value;
  };
  const questdbReader = once(() =>
    closing(new QuestDbReader({ url: config.questdbPgUrl }), (reader) => reader.close()),
  );
  return {
    config,
    role,
    log,
    kafka,
    postgres,
    witness,
    topicName,
    groupId,
    questdbReader,
    controlKey: () => keys.current(),
    controlKeys: keys,
    outLog: once(() => closing(new KafkaOutLog(kafka), (out) => out.close())),
    questdbWriter: once(() =>
      closing(
        new QuestDbWriter({ url: config.questdbUrl, ca: config.tlsCa, patienceMs: 300_000 }),
        (writer) => writer.close(),
      ),
    ),
    flowProbe: once(() => {
      const applied = (): Promise<void> => questdbReader().waitApplied(APPLIED);
      return closing(new FlowProbe(kafka, stageTopics(topicName, groupId), applied), (probe) =>
        probe.close(),
      );
    }),
    labelBacklog: once(() => new LabelBacklog(questdbReader(), watermarkChanges(postgres), config)),
    verifyControl: (control) => keys.verify(control),
    close: async () => {
      for (const close of closers.toReversed()) await close();
    },
  };
}

/** What `make` makes at the first call. */
function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** The stages that read topics, in the order of the flow. */
export function stageTopics(
  topicName: (name: string) => string,
  groupId: (stage: string) => string,
): StageTopics[] {
  return ['stream', 'sink', 'trades'].map((stage) => ({
    stage,
    groupId: groupId(stage),
    topics: (FLOW.find(({ name }) => name === stage)?.reads ?? []).map(topicName),
  }));
}
