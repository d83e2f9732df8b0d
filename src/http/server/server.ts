/**
 * The HTTP server: tables and the flow's state in; the API, the events, health, metrics and the web
 * page out. It reads and never decides; a server that is away makes answers 503, never an exit.
 */
import { randomBytes } from 'node:crypto';
import ajvCompiler from '@fastify/ajv-compiler';
import Fastify, { type FastifyInstance, type FastifySchemaCompiler } from 'fastify';
import type pg from 'pg';
import { monotonicMs, nowUs } from '../../clock.ts';
import type { Config } from '../../config/config.ts';
import type { SqlReader } from '../../questdb/table.ts';
import { settleAlerts } from '../../postgres/tables/alerts.ts';
import { installationToken, useAccess } from '../access.ts';
import { useCompression } from '../compress.ts';
import type { HttpContext, HttpLog } from '../context.ts';
import { loadTls, type Tls } from '../exposure.ts';
import { cachedFlow, type FlowStatusProvider } from '../flow-status.ts';
import { health } from '../health.ts';
import { LiveFeed } from '../live-feed.ts';
import { TableSource } from './live-source.ts';
import { nameProcess } from '../../metrics.ts';
import { httpMetrics, useMetrics } from '../metrics.ts';
import { openApiRoute, useOpenApi } from '../openapi.ts';
import { bundlePage, page } from '../page.ts';
import { answerBroken, Problem, sendProblem, useProblems } from '../problem.ts';
import { StandingWatch } from '../standing.ts';
import { accounts } from '../routes/accounts.ts';
import { alerts } from '../routes/alerts.ts';
import { bots } from '../routes/bots.ts';
import { candles } from '../routes/candles.ts';
import { datasets } from '../routes/datasets.ts';
import { errors } from '../routes/errors.ts';
import { features } from '../routes/features.ts';
import { fills } from '../routes/fills.ts';
import { flow } from '../routes/flow.ts';
import { instruments } from '../routes/instruments.ts';
import { jobs } from '../routes/jobs.ts';
import { labels } from '../routes/labels.ts';
import { modelChangesRoutes } from '../routes/model-changes.ts';
import { modelMonitoringRoutes } from '../routes/model-monitoring.ts';
import { modelOutcomesRoutes } from '../routes/model-outcomes.ts';
import { models } from '../routes/models.ts';
import { performance } from '../routes/performance.ts';
import { positions } from '../routes/positions.ts';
import { predictions } from '../routes/predictions.ts';
import { quality } from '../routes/quality.ts';
import { settings } from '../routes/settings.ts';
import { signals } from '../routes/signals.ts';
import { stream } from '../routes/stream.ts';
import { trades } from '../routes/trades.ts';
import { useWords } from '../words.ts';
import { WrongTokens, type WrongTokensOptions } from '../wrong-tokens.ts';

export interface HttpServerOptions {
  readonly config: Config;
  /** From `openPostgres`. */
  readonly postgres: pg.Pool;
  /** A `QuestDbReader` with little patience: a browser would rather have a 503 than wait. */
  readonly questdb: SqlReader;
  readonly flow: FlowStatusProvider;
  readonly log: HttpLog;
}

const NOUNS = [
  instruments,
  candles,
  features,
  predictions,
  labels,
  signals,
  fills,
  trades,
  positions,
  accounts,
  bots,
  performance,
  models,
  modelChangesRoutes,
  modelOutcomesRoutes,
  modelMonitoringRoutes,
  datasets,
  quality,
  errors,
  alerts,
  jobs,
  settings,
  flow,
] as const;

const BODY_LIMIT = 64 * 1024;
const ID_MAX = 300;
const FLOW_MAX_AGE_MS = 1_000;

/**
 * The server, ready but not listening: `await server.listen({host: config.httpHost, port:
 * config.httpPort})`, later `await server.close()`. It owns no connection of what it was given.
 */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
  const { config, log } = options;
  const tls = loadTls(config);
  const flowStatus = cachedFlow(options.flow, FLOW_MAX_AGE_MS, monotonicMs);
  nameProcess('http');
  const metrics = httpMetrics(flowStatus, options.postgres);
  const watch = new StandingWatch({
    places: () => flowStatus.places(),
    limitMs: config.standstillMs,
    monotonicMs,
  });
  const context: HttpContext = {
    ...options,
    flow: flowStatus,
    metrics,
    nowUs,
    monotonicMs,
    standing: () => watch.standing(),
  };
  const token = installationToken(config.dataDir);
  const assets = await bundlePage();
  const app = newFastify(tls);
  useProblems(app);
  useSecurityHeaders(app);
  useCompression(app);
  useWords(app);
  const wrongTokens = new WrongTokens({ monotonicMs, ...reporting(options) });
  useAccess(app, { host: config.httpHost, token, isSecure: tls !== null, wrongTokens });
  await useOpenApi(app);
  useMetrics(app, metrics, options.postgres);
  health(app, context);
  const feed = new LiveFeed({
    source: () => new TableSource(context),
    run: randomBytes(6).toString('hex'),
    onError: (error) => log.warn({ err: error }, 'live events: the tables do not answer'),
  });
  addRoutes(app, context, feed);
  app.addHook('onReady', async () => watch.start());
  app.addHook('onClose', async () => {
    feed.close();
    await watch.stop();
  });
  openApiRoute(app);
  page(app, assets);
  app.addHook('onError', async (request, _reply, error) => {
    if (error instanceof Problem || (error.statusCode ?? 500) < 500) return;
    log.warn({ err: error, url: request.url }, 'request failed');
  });
  return app;
}

/** All that the API's document describes: `/v1/…`. */
export function addRoutes(app: FastifyInstance, context: HttpContext, feed: LiveFeed): void {
  for (const noun of NOUNS) noun(app, context);
  stream(app, feed);
}

/** Wrong tokens in the log, and where they become many as an alert. */
function reporting({ postgres, log }: HttpServerOptions): Omit<WrongTokensOptions, 'monotonicMs'> {
  return {
    onWrong: (address, wrong) => log.warn({ address, wrong }, 'a wrong token'),
    onRefused: (addresses) => {
      const raised = addresses.map((address) => ({
        key: `wrong_tokens:${address}`,
        severity: 'warning' as const,
        subject: 'http',
        message: `wrong tokens for the API from ${address}: they are refused; is it one of yours?`,
        context: { address },
      }));
      settleAlerts(postgres, 'wrong_tokens', raised).catch((error: unknown) => {
        log.warn({ err: error }, 'an alert about wrong tokens could not be kept');
      });
    },
  };
}

function newFastify(tls: Tls | null): FastifyInstance {
  const app: FastifyInstance = Fastify({
    https: tls,
    clientErrorHandler: answerBroken,
    frameworkErrors: (error, request, reply) => {
      const isLong = error.code === 'FST_ERR_MAX_PARAM_LENGTH';
      const why = isLong ? `an id has at most ${ID_MAX} characters` : 'it is no UTF-8 in %-signs';
      sendProblem(request, reply, new Problem(400, `the address cannot be read: ${why}`));
    },
    bodyLimit: BODY_LIMIT,
    requestTimeout: 30_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 15_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: ID_MAX },
  });
  app.setValidatorCompiler(validators());
  // JSON is what routes take: a text would be refused later with less to go by.
  app.removeContentTypeParser('text/plain');
  // Columns are selected by the schemas, so nothing else can get out; what is left is JSON.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  return app;
}

/** Words of an address are texts, of which numbers are made; a body says itself what is one. */
function validators(): FastifySchemaCompiler<unknown> {
  const makeCompiler = (coerceTypes: boolean) =>
    ajvCompiler()(
      {},
      {
        // A parameter that we do not know is a mistake of the caller's, not something to drop.
        customOptions: { removeAdditional: false, coerceTypes, allErrors: false },
        // A wrong time is refused by what reads it, which says what is wrong.
        onCreate: (ajv) => ajv.addFormat('date-time', true).addFormat('date', true),
      },
    );
  const [ofBody, ofAddress] = [makeCompiler(false), makeCompiler(true)];
  return (route) => (route.httpPart === 'body' ? ofBody : ofAddress)(route);
}

const CONTENT_SECURITY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function useSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    void reply
      .header('content-security-policy', CONTENT_SECURITY)
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('cross-origin-resource-policy', 'same-origin');
    if (request.url.startsWith('/v1/')) void reply.header('cache-control', 'no-store');
  });
}
