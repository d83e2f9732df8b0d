/** `/metrics`: what the HTTP server does, and the lag of the stages, for Prometheus. */
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Pool } from 'pg';
import { deadCounts } from '../tables/postgres/dead-letters.ts';
import { unknownKinds } from '../tables/postgres/unknown-kinds.ts';
import type { FlowStatusProvider } from './flow-status.ts';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The registry with the process' own numbers and the lag of every stage, asked when scraped. */
export function httpMetrics(flow: FlowStatusProvider, postgres: Pool): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'tickloom_http_' });
  const lag = new Gauge({
    name: 'tickloom_stage_lag_records',
    help: 'Records of a topic that a stage has not passed yet',
    labelNames: ['stage', 'topic'],
    registers: [registry],
    async collect() {
      const status = await flow.status().catch(() => null);
      lag.reset();
      for (const { stage, topics } of status?.stages ?? []) {
        for (const { topic, end, passed } of topics) {
          this.set({ stage, topic }, Math.max(end - passed, 0));
        }
      }
    },
  });
  recordMetrics(registry, postgres);
  return registry;
}

/** How many names of unknown kinds become labels: their producers choose them. */
const KINDS_SHOWN = 50;

/** What the stages could not take, from the tables; nothing while PostgreSQL is away. */
function recordMetrics(registry: Registry, postgres: Pool): void {
  const dead = new Gauge({
    name: 'tickloom_dead_letters',
    help: 'Records that no stage could take, ever',
    labelNames: ['topic', 'reason'],
    registers: [registry],
    async collect() {
      const counts = await deadCounts(postgres).catch(() => []);
      dead.reset();
      for (const { topic, reason, records } of counts) this.set({ topic, reason }, records);
    },
  });
  const kinds = new Gauge({
    name: 'tickloom_unknown_kinds',
    help: 'Records of kinds that this version does not know, ever',
    labelNames: ['topic', 'kind'],
    registers: [registry],
    async collect() {
      const found = await unknownKinds(postgres).catch(() => []);
      kinds.reset();
      for (const { topic, kind, records } of found.slice(0, KINDS_SHOWN)) {
        this.set({ topic, kind }, records);
      }
    },
  });
}

/** Counts and times every request of `app` by route, so that ids never become labels. */
export function useMetrics(app: FastifyInstance, registry: Registry): void {
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
    void reply.type(registry.contentType).serializer(String);
    return registry.metrics();
  });
}
