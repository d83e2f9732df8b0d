/**
 * `/`: the web page, its program and its style, from memory. The program is bundled once at the
 * start; nothing is loaded from any other host.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { FastifyInstance } from 'fastify';
import { must } from '../assert.ts';
import { PROJECT_DIR } from '../code-files.ts';

const WEB = join(PROJECT_DIR, 'src', 'web');

interface Asset {
  readonly path: string;
  readonly type: string;
  readonly body: string;
  readonly etag: string;
}

/** Bundles `src/web`; throws with esbuild's message when it does not compile. */
export async function bundlePage(): Promise<readonly Asset[]> {
  const bundle = await build({
    entryPoints: [join(WEB, 'main.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'eof',
    logLevel: 'silent',
    // Only the browser's parts of what is shared with the server may come in.
    platform: 'browser',
  });
  const program = must(bundle.outputFiles[0], 'esbuild gave no output').text;
  const readText = (name: string): string => readFileSync(join(WEB, name), 'utf8');
  return [
    asset('/', 'text/html; charset=utf-8', readText('index.html')),
    asset('/app.css', 'text/css; charset=utf-8', readText('panels.css') + readText('app.css')),
    asset('/icon.svg', 'image/svg+xml', readText('icon.svg')),
    asset('/app.js', 'text/javascript; charset=utf-8', program),
  ];
}

function asset(path: string, type: string, body: string): Asset {
  // Weak: the same page may travel compressed, as other bytes.
  const etag = `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  return { path, type, body, etag };
}

export function page(app: FastifyInstance, assets: readonly Asset[]): void {
  for (const { path, type, body, etag } of assets) {
    app.get(path, { schema: { hide: true } }, (request, reply) => {
      // Always requested, seldom sent: a new version shows at the next load.
      void reply.header('etag', etag).header('cache-control', 'no-cache');
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      return reply.type(type).serializer(String).send(body);
    });
  }
}
