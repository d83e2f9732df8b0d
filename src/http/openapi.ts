/** The routes' schemas -> `/v1/openapi.json`, OpenAPI 3.1. */
import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';

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
    transform: ({ schema, url }) => ({ schema: asked(schema), url }),
  });
}

/** What `useWords` refuses wherever it stands. */
const NO_NUL = '^[^\\u0000]*$';

/** A route's schema with `NO_NUL` in every text that a request may hold. */
function asked<T extends FastifySchema>(schema: T): T {
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
  app.get('/v1/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}
