/** `GET /v1/flow`: the graph of stages and jobs, how far each has come, and the topics' ends. */
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { newestRuns, runCounts } from '../tables/jobs.ts';
import { openComponents } from '../../postgres/tables/errors.ts';
import { aliveNames } from '../../postgres/tables/process-metrics.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import type { FlowStatus } from '../flow-status.ts';
import { nodeState, type FlowFacts } from '../node-state.ts';
import { noQuery, read } from '../route.ts';

const names = Type.Array(Type.String());
const StageTopic = c.titled('StageTopic', {
  topic: c.text(),
  end: c.integer('sum of end offsets'),
  passed: c.integer('sum of the offsets that the stage has passed'),
  lag: c.integer(),
});
const Flow = c.titled('Flow', {
  nodes: Type.Array(
    Type.Object({
      name: c.text(),
      kind: c.text('feed, stream or job'),
      reads: names,
      writes: names,
      does: c.text(),
      lag: c.maybe(c.integer('records behind; null: reads no topic, or Kafka is away')),
      state: c.maybe(
        c.text(
          'running, not running, stands still, failing; of a job its last run, or looking; null: ' +
            'nobody says',
        ),
      ),
      topics: Type.Array(StageTopic),
    }),
  ),
  topics: Type.Array(Type.Object({ topic: c.text(), end: c.integer() })),
  kafka: c.text('ok, or what keeps Kafka from answering'),
});
export type Flow = Static<typeof Flow>;
export type FlowNode = Flow['nodes'][number];

export const flow = (app: FastifyInstance, context: HttpContext): void =>
  read(app, {
    path: '/v1/flow',
    noun: 'flow',
    summary: 'Stages, topics and lag',
    query: noQuery,
    answer: Flow,
    handle: async () => {
      const nothing: FlowStatus = { stages: [], topics: [] };
      // Kafka away is something to show, not a reason to show nothing.
      const [status, kafka] = await context.flow.status().then(
        (found) => [found, 'ok'] as const,
        (error: unknown) => [nothing, error instanceof Error ? error.message : 'away'] as const,
      );
      const facts = await readFacts(context).catch(() => null);
      const stages = new Map(status.stages.map((stage) => [stage.stage, stage]));
      const nodes = context.flow.graph.map((node) => {
        const { name, kind, reads, writes, does } = node;
        const stage = stages.get(name);
        const topics = (stage?.topics ?? []).map(({ topic, end, passed }) => ({
          topic,
          end,
          passed,
          lag: Math.max(end - passed, 0),
        }));
        const state = facts === null ? null : nodeState(node, facts);
        return { name, kind, reads, writes, does, lag: stage?.lag ?? null, state, topics };
      });
      return { nodes, topics: status.topics, kafka };
    },
  });

/** Rejects while PostgreSQL is away. */
async function readFacts({ postgres, standing }: HttpContext): Promise<FlowFacts> {
  const [alive, errors, newest, counts] = await Promise.all([
    aliveNames(postgres),
    openComponents(postgres),
    newestRuns(postgres),
    runCounts(postgres),
  ]);
  const running = new Map(
    counts.filter(({ state }) => state === 'running').map(({ job, runs }) => [job, runs]),
  );
  const runs = new Map(
    newest.map(({ job, state }) => [
      String(job),
      { state: String(state), running: running.get(String(job)) ?? 0 },
    ]),
  );
  return { alive, failing: errors, runs, standing: new Set(standing().map(({ stage }) => stage)) };
}
