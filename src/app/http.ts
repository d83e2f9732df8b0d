/** The HTTP process: API, events, metrics and the web page. */
import { FLOW, TOPICS } from '../../pipelines/flow.ts';
import { aborted } from '../lifecycle.ts';
import { endOffsets, withAdmin } from '../kafka/kafka.ts';
import { QuestDbReader } from '../questdb/reader.ts';
import type { FlowStatus } from '../http/flow-status.ts';
import { createHttpServer } from '../http/server/server.ts';
import type { Context } from '../runtime/context.ts';
import { stagePlaces } from '../runtime/stage-places.ts';

export async function runHttp(
  context: Context,
  signal: AbortSignal,
  ready: () => void,
): Promise<void> {
  const { config, postgres, log, kafka, topicName } = context;
  const questdb = new QuestDbReader({ url: config.questdbPgUrl, patienceMs: 2_000 });
  const probe = context.flowProbe();
  const status = async (): Promise<FlowStatus> => {
    const stages = await probe.lags();
    const topics = await withAdmin(kafka, async (admin) => {
      const found: FlowStatus['topics'][number][] = [];
      for (const { name } of TOPICS) {
        const ends = await endOffsets(admin, topicName(name));
        found.push({ topic: topicName(name), end: [...ends.values()].reduce((a, b) => a + b, 0) });
      }
      return found;
    });
    return { stages, topics };
  };
  const server = await createHttpServer({
    config,
    postgres,
    questdb,
    flow: { graph: FLOW, status, places: () => stagePlaces(context) },
    log,
  });
  try {
    await server.listen({ host: config.httpHost, port: config.httpPort });
    ready();
    await aborted(signal);
  } finally {
    await server.close();
    await questdb.close();
  }
}
