/** The routes' schemas -> `/v1/openapi.json`, OpenAPI 3.1. */
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';

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
  });
}

export function openApiRoute(app: FastifyInstance): void {
  app.get('/v1/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}
