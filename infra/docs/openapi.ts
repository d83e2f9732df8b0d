/** The routes of the API -> its OpenAPI document, without a server and without anybody to ask. */
import Fastify from 'fastify';
import { loadConfig } from '../../src/config/config.ts';
import type { HttpContext } from '../../src/http/context.ts';
import type { LiveFeed } from '../../src/http/live-feed.ts';
import { useOpenApi } from '../../src/http/openapi.ts';
import { addRoutes } from '../../src/http/server/server.ts';

export interface Operation {
  readonly tags: readonly string[];
  readonly summary: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: 'query' | 'path';
    readonly required?: boolean;
  }[];
  readonly requestBody?: object;
}

/** By path and method. */
export type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

export async function openApiPaths(): Promise<Paths> {
  const app = Fastify();
  await useOpenApi(app);
  // A handler would ask them; a declaration does not.
  const context = { config: loadConfig({}) } as HttpContext;
  addRoutes(app, context, {} as LiveFeed);
  await app.ready();
  const { paths } = app.swagger() as unknown as { paths: Paths };
  await app.close();
  return paths;
}
