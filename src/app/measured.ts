/** Disk, topics and consumer groups of an installation, as they are now: for `tickloom doctor`. */
import { existsSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigResourceTypes } from '../kafka/kafkajs.ts';
import { TOPICS } from '../../pipelines/flow.ts';
import { withAdmin } from '../kafka/kafka.ts';
import type { Context } from '../runtime/context.ts';
import type { Disk, TopicBound } from './doctor-judges.ts';

/** The disk of a directory; null where there is none. */
export function measureDisk(path: string): Disk | null {
  if (!existsSync(path)) return null;
  const { bavail, blocks, bsize } = statfsSync(path);
  return { path, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

/** Of every topic of the flow that exists. */
export async function measureTopics({ kafka, config, topicName }: Context): Promise<TopicBound[]> {
  const described = await withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const resources = TOPICS.map(({ name }) => topicName(name))
      .filter((name) => existing.has(name))
      .map((name) => ({ type: ConfigResourceTypes.TOPIC, name, configNames: BOUNDS }));
    return admin.describeConfigs({ resources, includeSynonyms: false });
  });
  const logs = join(config.dataDir, 'kafka', 'data');
  return described.resources.map(({ resourceName: topic, configEntries }) => ({
    topic,
    isBound: configEntries.some(
      ({ configName, configValue }) => BOUNDS.includes(configName) && Number(configValue) >= 0,
    ),
    bytes: existsSync(logs) ? measureBytes(logs, topic) : null,
  }));
}

const BOUNDS = ['retention.ms', 'retention.bytes'];

/** Of all partitions of a topic in a broker's directory; files that go meanwhile count nothing. */
function measureBytes(logs: string, topic: string): number {
  const folders = readdirSync(logs).filter((name) => name.replace(/-\d+$/, '') === topic);
  return folders
    .flatMap((folder) => readdirSync(join(logs, folder)).map((name) => join(logs, folder, name)))
    .reduce((sum, file) => {
      const { blocks = 0 } = statSync(file, { throwIfNoEntry: false }) ?? {};
      // Indexes are made whole at once and mostly empty: what counts is what lies on the disk.
      return sum + blocks * 512;
    }, 0);
}

/** Stages that no process runs although records wait for them, each in a sentence. */
export async function idleStages(context: Context): Promise<string[]> {
  const behind = (await context.flowProbe().lags()).filter(({ lag }) => lag > 0);
  if (behind.length === 0) return [];
  const ids = behind.map(({ stage }) => context.groupId(stage));
  const { groups } = await withAdmin(context.kafka, (admin) => admin.describeGroups(ids));
  return behind
    .filter((_stage, i) => groups.find(({ groupId }) => groupId === ids[i])?.members.length === 0)
    .map(
      ({ stage, lag }) =>
        `${stage} stands still: no process runs it, and ${lag} records wait. ` +
        `Start it: npm start, or tickloom run ${stage}`,
    );
}
