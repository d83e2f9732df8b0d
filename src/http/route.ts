/**
 * One way to declare a route that reads, and one for those that write: path, words for people,
 * schemas of requests and answers, and the handler. Validation and OpenAPI come from the same
 * schemas.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type, type Static, type TObject, type TSchema } from 'typebox';
import { ProblemBody } from './problem.ts';

interface Route<P extends TSchema> {
  readonly path: string;
  /** The noun, which groups routes in OpenAPI. */
  readonly noun: string;
  readonly summary: string;
  readonly params?: P;
  readonly answer: TSchema;
}

export interface ReadRoute<Q extends TSchema, P extends TSchema> extends Route<P> {
  readonly query: Q;
  readonly handle: (query: Static<Q>, params: Static<P>, request: FastifyRequest) => unknown;
}

export const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: ProblemBody } },
});

/** What every route may answer instead: RFC 9457, each with a sentence that says what to do. */
export const PROBLEMS = {
  400: problem('a wrong parameter, or a value that cannot be'),
  401: problem('a token is needed'),
  404: problem('there is no such item'),
  421: problem('the request names another host'),
  429: problem('too many wrong tokens came from there'),
  503: problem('a server behind the API is away'),
  default: problem('any other refusal; 405 comes with Allow'),
};

/** And what may be wrong with a body besides. */
export const BODY_PROBLEMS = {
  409: problem('against the rules, as things stand'),
  413: problem('the body is too large'),
  415: problem('the body is of another type than JSON'),
};

/** Reading on loopback is free; writing never is. */
export const WRITING = [{ token: [] }];

/** What every route says of itself; `verb` is part of its name. */
function routeSchema<P extends TSchema>(
  { path, noun, summary, params, answer }: Route<P>,
  verb: 'get' | 'post',
) {
  const ok = { description: 'the answer', content: { 'application/json': { schema: answer } } };
  return {
    tags: [noun],
    summary,
    operationId: `${verb}${routeName(path)}`,
    ...(params === undefined ? {} : { params }),
    response: {
      200: ok,
      ...PROBLEMS,
    },
  };
}

/** Adds a GET route to `app`. */
export function read<Q extends TSchema, P extends TSchema = TSchema>(
  app: FastifyInstance,
  route: ReadRoute<Q, P>,
): void {
  const { path, query, handle } = route;
  const schema = { ...routeSchema(route, 'get'), querystring: query };
  app.get(path, { schema }, (request) =>
    handle(request.query as Static<Q>, request.params as Static<P>, request),
  );
}

export interface WriteRoute<B extends TSchema, P extends TSchema> extends Route<P> {
  readonly body: B;
  readonly handle: (body: Static<B>, params: Static<P>) => unknown;
}

/** Adds a POST route to `app`; `useAccess` checks the token before anything else is looked at. */
export function write<B extends TSchema, P extends TSchema = TSchema>(
  app: FastifyInstance,
  route: WriteRoute<B, P>,
): void {
  const { path, body, handle } = route;
  const { response, ...common } = routeSchema(route, 'post');
  const schema = {
    ...common,
    security: WRITING,
    body,
    response: { ...response, ...BODY_PROBLEMS },
  };
  app.post(path, { schema }, (request) =>
    handle(request.body as Static<B>, request.params as Static<P>),
  );
}

/** `/v1/models/:id` -> `V1ModelsId`. */
const routeName = (path: string): string =>
  path.replace(/[^a-z0-9]+([a-z0-9])?/gi, (_, c: string = '') => c.toUpperCase());

export const noQuery = Type.Object({}, { additionalProperties: false });

/** The answer of every list: its items, and the cursor of the page behind (null at the end). */
export const listSchema = (item: TObject) =>
  Type.Object({
    items: Type.Array(item),
    next: Type.Union([Type.String(), Type.Null()], { description: 'give it back as "after"' }),
  });

/** Parameters of a path with one id. */
export const idParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 300 }) });
