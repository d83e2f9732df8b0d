/** The routes' schemas -> `/v1/openapi.json`, OpenAPI 3.1. */
import { isDeepStrictEqual } from 'node:util';
import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { assert } from '../assert.ts';

/** Has to be called before the routes are added. */
export async function useOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'tickloom',
        version: '1',
        description:
          'Candles, features, predictions, labels, signals and trades. Times are RFC 3339 in UTC ' +
          'with microseconds, money is decimal text, lists are paged by `after`.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      },
      // None, too: reading on loopback is free.
      security: [{}, { token: [] }],
    },
    transform: ({ schema, url }) => ({ schema: withoutNul(schema), url }),
  });
}

/** What `useWords` refuses wherever it stands. */
const NO_NUL = '^[^\\u0000]*$';

/** A route's schema with `NO_NUL` in every text that a request may hold. */
function withoutNul<T extends FastifySchema>(schema: T): T {
  const { querystring, params, body } = schema;
  const parts = Object.entries({ querystring, params, body });
  const held = parts.filter(([, part]) => part !== undefined);
  return { ...schema, ...Object.fromEntries(held.map(([name, part]) => [name, noNul(part)])) };
}

function noNul(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(noNul);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, of]) => [key, noNul(of)]));
  const isFree = copy['type'] === 'string' && !('pattern' in copy) && !('enum' in copy);
  return isFree ? { ...copy, pattern: NO_NUL } : copy;
}

export function openApiRoute(app: FastifyInstance): void {
  app.get('/v1/openapi.json', { schema: { hide: true } }, async () =>
    withComponents(app.swagger() as Json),
  );
}

type Json = Readonly<Record<string, unknown>>;

/** The document with every schema that has a title once, in `components`, and named elsewhere. */
export function withComponents(document: Json): Json {
  const schemas: Record<string, unknown> = {};
  const named = (of: unknown): unknown => {
    if (Array.isArray(of)) return of.map(named);
    if (typeof of !== 'object' || of === null) return of;
    const copy = Object.fromEntries(Object.entries(of).map(([key, each]) => [key, named(each)]));
    const { title, properties } = copy;
    if (typeof title !== 'string' || properties === undefined) return copy;
    const isSame = (schemas[title] ??= copy) === copy || isDeepStrictEqual(schemas[title], copy);
    assert(isSame, `two schemas are called "${title}"`);
    return { $ref: `#/components/schemas/${title}` };
  };
  const { components, ...rest } = named(document) as Json & { components: Json };
  return { ...rest, components: { ...components, schemas } };
}
