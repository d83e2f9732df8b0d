/**
 * Training sets: `POST /v1/datasets` requests one, and a job makes it; what was made is listed,
 * explained by its manifest, and downloaded as Parquet, CSV or Arrow.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import {
  RequestError,
  checkRequest,
  type DatasetRequest,
} from '../../../pipelines/dataset/request.ts';
import { exportsDir, type DatasetManifest } from '../../../pipelines/dataset/definition.ts';
import { toEntities, type Entities } from '../../../pipelines/dataset/entities.ts';
import { wholeFile, type WholeFormat } from '../../../pipelines/dataset/whole.ts';
import { canonicalJson } from '../../domain/control.ts';
import {
  isUnderWay,
  readDataset,
  saveEntities,
  saveRequest,
} from '../../postgres/tables/datasets.ts';
import { addDueRuns } from '../../postgres/tables/job-runs.ts';
import { storedInstruments } from '../../questdb/tables/stored-ticks.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { postgresList } from '../list-route.ts';
import { oneRow } from '../one-row.ts';
import { when as timeText } from '../parameters.ts';
import { Problem } from '../problem.ts';
import { BODY_PROBLEMS, idParams, noQuery, problem, PROBLEMS, read, WRITING } from '../route.ts';
import { sendFile } from '../send-file.ts';

const Dataset = c.titled('Dataset', {
  dataset_id: c.text(),
  sha256: c.text(),
  rows: c.integer(),
  created_at: c.time(),
});
const Detail = c.titled('DatasetDetail', { ...Dataset.properties, manifest: c.json() });

const Request = c.titled('DatasetRequest', {
  request_id: c.text(),
  request: c.json('what was requested'),
  progress: c.maybe(c.text('what the job is doing; done or refused at the end')),
  dataset_id: c.maybe(c.text('the set, once it is made')),
  note: c.maybe(c.text('why it found less than is stored')),
  created_at: c.time(),
});

const name = Type.String({ minLength: 1, maxLength: 200 });
const when = timeText('RFC 3339, or a UTC date');
const oneOf = <T extends string>(...values: T[]) =>
  Type.Unsafe<T>({ type: 'string', enum: values });

const RequestBody = Type.Object(
  {
    features: Type.Optional(Type.Array(name, { minItems: 1, maxItems: 16 })),
    label: Type.Optional(name),
    from: Type.Optional(when),
    to: Type.Optional(when),
    as_of: Type.Optional(when),
    symbols: Type.Optional(Type.Array(name, { minItems: 1, maxItems: 10_000 })),
    known: Type.Optional(oneOf('request', 'as-of')),
    keep: Type.Optional(oneOf('complete', 'all')),
    max_age: Type.Optional(name),
    entities: Type.Optional(
      Type.Array(
        Type.Object({
          symbol: name,
          venue: Type.Optional(name),
          ts: Type.Union([when, Type.Integer()]),
        }),
        { minItems: 1, description: 'requests of your own, instead of from, to and symbols' },
      ),
    ),
  },
  { additionalProperties: false },
);

/** Some 300 000 requests of one's own. */
const BODY_LIMIT = 32 * 1024 * 1024;

export const datasets = (app: FastifyInstance, context: HttpContext): void => {
  const { postgres } = context;
  const byId = (id: string) => oneRow(postgres, 'datasets', 'dataset_id', id, Detail);
  postgresList(app, context, {
    noun: 'datasets',
    summary: 'Training sets',
    source: 'datasets',
    item: Dataset,
    time: 'created_at',
    ids: ['dataset_id'],
    filters: {},
  });
  const one = { noun: 'datasets', query: noQuery, params: idParams };
  read(app, {
    ...one,
    path: '/v1/datasets/:id',
    summary: 'One training set',
    answer: Detail,
    handle: (_query, { id }) => byId(id),
  });
  read(app, {
    ...one,
    path: '/v1/datasets/:id/manifest',
    summary: 'The manifest of a training set: definition, as-of barrier, rows, exclusions, files',
    answer: Detail.properties.manifest,
    handle: async (_query, { id }) => (await byId(id))['manifest'],
  });
  read(app, {
    ...one,
    path: '/v1/datasets/requests/:id',
    summary: 'What became of a requested training set',
    answer: Request,
    handle: (_query, { id }) => oneRow(postgres, 'dataset_requests', 'request_id', id, Request),
  });
  requestRoute(app, context);
  download(app, context, 'parquet', 'application/vnd.apache.parquet');
  download(app, context, 'csv', 'text/csv; charset=utf-8; header=present');
  download(app, context, 'arrow', 'application/vnd.apache.arrow.stream');
};

function requestRoute(app: FastifyInstance, context: HttpContext): void {
  const answer = { description: 'it is on its way', content: json(Request) };
  const schema = {
    tags: ['datasets'],
    summary: 'Asks for a training set; a job makes it',
    operationId: 'postV1Datasets',
    security: WRITING,
    body: RequestBody,
    response: {
      202: answer,
      ...PROBLEMS,
      ...BODY_PROBLEMS,
    },
  };
  app.post('/v1/datasets', { schema, bodyLimit: BODY_LIMIT }, async (request, reply) => {
    const id = await accept(context, request.body as Static<typeof RequestBody>);
    void reply.code(202).header('location', `/v1/datasets/requests/${id}`);
    return oneRow(context.postgres, 'dataset_requests', 'request_id', id, Request);
  });
}

const json = (schema: object) => ({ 'application/json': { schema } });

/** Keeps the request and makes its job due. The same one with an `as_of` is one request. */
async function accept(context: HttpContext, body: Static<typeof RequestBody>): Promise<string> {
  const { entities: rows, ...ask } = body;
  const { postgres, nowUs } = context;
  const entities = await checked(context, ask, rows);
  const dueTs = nowUs();
  const kept = entities === null ? null : { ...entities, csv: undefined };
  const moment = ask.as_of === undefined ? dueTs : null;
  const hash = createHash('sha256')
    .update(canonicalJson([ask, kept, moment]))
    .digest('hex');
  const id = `dr-${hash.slice(0, 16)}`;
  if (entities !== null) await saveEntities(postgres, entities);
  await saveRequest(postgres, id, { ask, entities: kept });
  if (!(await isUnderWay(postgres, id))) await addDueRuns(postgres, 'dataset', [id], dueTs);
  return id;
}

async function checked(
  { questdb }: HttpContext,
  ask: DatasetRequest,
  rows: Static<typeof RequestBody>['entities'],
): Promise<Entities | null> {
  try {
    checkRequest(ask, rows !== undefined);
    return rows === undefined ? null : toEntities(rows, await storedInstruments(questdb));
  } catch (error) {
    throw error instanceof RequestError ? new Problem(400, error.message) : error;
  }
}

function download(
  app: FastifyInstance,
  context: HttpContext,
  format: WholeFormat,
  type: string,
): void {
  const schema = {
    tags: ['datasets'],
    summary: `All rows of a training set as one ${format} file; takes Range and If-None-Match`,
    operationId: `getV1DatasetsIdData${format}`,
    querystring: noQuery,
    params: idParams,
    response: {
      200: { description: 'the file', content: { [type]: { schema: binary } } },
      206: { description: 'a range of it', content: { [type]: { schema: binary } } },
      304: { description: 'as it was' },
      ...PROBLEMS,
      409: problem('its files are gone, or it has no rows'),
      416: problem('the file has no such bytes'),
    },
  };
  app.get(`/v1/datasets/:id/data.${format}`, { schema }, async (request, reply) => {
    const { id } = request.params as Static<typeof idParams>;
    return sendData(context, { request, reply, id, format, type });
  });
}

const binary = { type: 'string', format: 'binary' };

interface Wanted {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly id: string;
  readonly format: WholeFormat;
  readonly type: string;
}

async function sendData(
  { postgres, config }: HttpContext,
  { request, reply, id, format, type }: Wanted,
): Promise<FastifyReply> {
  const row = await readDataset<DatasetManifest>(postgres, id);
  if (row === null) throw new Problem(404, `there is no dataset_id "${id}"; ask the list`);
  const { manifest, path, rows } = row;
  if (rows === 0) throw new Problem(409, `${id} has no rows, so there is no file of them`);
  if (path === null || !existsSync(path)) {
    const how = `"tickloom dataset pull ${id} --out DIR" makes it again`;
    throw new Problem(409, `the files of ${id} are not on this machine: ${how}`);
  }
  const folder = join(exportsDir(config.dataDir), 'downloads');
  const file = await wholeFile(manifest, path, folder, format);
  const tag = `${manifest.sha256}.${format}`;
  return sendFile(request, reply, { path: file, tag, type, name: `${id}.${format}` });
}
