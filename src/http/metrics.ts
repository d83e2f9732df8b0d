/**
 * `/metrics`: every process of the installation for Prometheus, from one address. What the others
 * have reported is in PostgreSQL; how far the stages are is read at each scrape.
 */
import type { FastifyInstance } from 'fastify';
import { Gauge, Histogram, Registry, type GaugeConfiguration } from 'prom-client';
import type { Pool } from 'pg';
import { exposition, ownMetrics, processName, WORKER } from '../metrics.ts';
import { deadCounts } from '../postgres/tables/dead-letters.ts';
import { checkpointAges } from '../postgres/tables/checkpoints.ts';
import { runCounts } from './tables/jobs.ts';
import { readOtherMetrics, type ReportedMetrics } from '../postgres/tables/process-metrics.ts';
import { unknownKinds } from '../postgres/tables/unknown-kinds.ts';
import type { FlowStatusProvider } from './flow-status.ts';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

type Labels = Readonly<Record<string, string>>;

/** A gauge whose samples are read at a scrape; none while their server is away. */
function addGauge(
  registry: Registry,
  about: Pick<GaugeConfiguration<string>, 'name' | 'help' | 'labelNames'>,
  samples: () => Promise<readonly (readonly [Labels, number])[]>,
): void {
  const gauge = new Gauge({
    ...about,
    registers: [registry],
    async collect() {
      const found = await samples().catch(() => []);
      gauge.reset();
      for (const [labels, value] of found) gauge.set(labels, value);
    },
  });
}

/** The registry of what is true of the whole installation, whichever process says so. */
export function httpMetrics(flow: FlowStatusProvider, postgres: Pool): Registry {
  const registry = new Registry();
  const place = ['stage', 'topic', 'partition'] as const;
  addGauge(
    registry,
    {
      name: 'tickloom_stage_lag_records',
      help: 'Records of a partition that a stage has not passed yet',
      labelNames: place,
    },
    async () =>
      (await flow.places()).map(({ stage, topic, partition, position, end }) => [
        { stage, topic, partition: String(partition) },
        Math.max(end - position, 0),
      ]),
  );
  addGauge(
    registry,
    {
      name: 'tickloom_checkpoint_age_seconds',
      help: 'Since a stage last saved where it stands in a partition; it saves when it moves',
      labelNames: place,
    },
    async () =>
      (await checkpointAges(postgres)).map(({ stage, topic, partition, ageS }) => [
        { stage, topic, partition: String(partition) },
        ageS,
      ]),
  );
  tableMetrics(registry, postgres);
  return registry;
}

/** How many names of unknown kinds become labels: their producers choose them. */
const KINDS_SHOWN = 50;

/** What the stages could not take, and how the jobs stand. */
function tableMetrics(registry: Registry, postgres: Pool): void {
  addGauge(
    registry,
    {
      name: 'tickloom_dead_letters',
      help: 'Records that no stage could take, ever',
      labelNames: ['topic', 'reason'],
    },
    async () =>
      (await deadCounts(postgres)).map(({ topic, reason, records }) => [
        { topic, reason },
        records,
      ]),
  );
  addGauge(
    registry,
    {
      name: 'tickloom_unknown_kinds',
      help: 'Records of kinds that this version does not know, ever',
      labelNames: ['topic', 'kind'],
    },
    async () =>
      (await unknownKinds(postgres))
        .slice(0, KINDS_SHOWN)
        .map(({ topic, kind, records }) => [{ topic, kind }, records]),
  );
  addGauge(
    registry,
    {
      name: 'tickloom_job_runs',
      help: 'Runs of a job by their state',
      labelNames: ['job', 'state'],
    },
    async () => (await runCounts(postgres)).map(({ job, state, runs }) => [{ job, state }, runs]),
  );
}

/** Every process by how long ago it reported its numbers; a silent one is seen by that. */
function ages(reported: readonly ReportedMetrics[]): Promise<string> {
  const registry = new Registry();
  const age = new Gauge({
    name: 'tickloom_process_said_seconds',
    help: 'Since a process last reported its numbers; from 30 on they are left out',
    labelNames: ['process', 'worker'],
    registers: [registry],
  });
  for (const { process, worker, ageS } of reported) age.set({ process, worker }, ageS);
  return registry.metrics();
}

/** Counts and times every request of `app` by route, so that ids never become labels. */
export function useMetrics(app: FastifyInstance, registry: Registry, postgres: Pool): void {
  const seconds = new Histogram({
    name: 'tickloom_http_request_duration_seconds',
    help: 'Time to answer a request',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers: [registry],
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    const { method } = request;
    // A stream of events lasts as long as its client, which says nothing about us.
    if (route === '/v1/stream') return;
    const labels = { method, route, status: String(reply.statusCode) };
    seconds.observe(labels, reply.elapsedTime / 1000);
  });
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    // While PostgreSQL is away this process still speaks for itself.
    const others = await readOtherMetrics(postgres, WORKER).catch(() => []);
    const own = { process: processName(), worker: WORKER, metrics: await ownMetrics(), ageS: 0 };
    const all = [own, ...others];
    void reply.type(registry.contentType).serializer(String);
    return [await exposition(all), await ages(all), await registry.metrics()].join('\n');
  });
}
