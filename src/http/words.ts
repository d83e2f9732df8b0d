/**
 * What nobody may say anywhere: a character that no table holds, a number without end, JSON without
 * a bottom, a method that an address does not have. Checked once for every route, before its own
 * schema and long before a database would answer with an error.
 */
import type { FastifyInstance } from 'fastify';
import { badParameter, Problem } from './problem.ts';

/** Deeper than any body that a route takes. */
const DEPTH_MAX = 32;

/** Has to be called before the routes are added: they say which methods there are. */
export function useWords(app: FastifyInstance): void {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ method, url }) => {
    const known = methods.get(url) ?? new Set<string>();
    for (const each of [method].flat()) known.add(each);
    methods.set(url, known);
  });
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return;
    const path = request.url.split('?', 1)[0] ?? '';
    const allowed = allowedAt(methods, path);
    if (allowed.length === 0) return;
    void reply.header('allow', allowed.join(', '));
    throw new Problem(405, `${path} takes ${allowed.join(', ')}, not ${request.method}`);
  });
  app.addHook('preValidation', async ({ params, query, body }) => check({ params, query, body }));
  // Numbers of an address are numbers only now: "Infinity" is one too, and passes any maximum.
  app.addHook('preHandler', async ({ params, query }) => check({ params, query }));
}

/** The methods of the path itself, or else those of every route that it fits. */
function allowedAt(methods: ReadonlyMap<string, ReadonlySet<string>>, path: string): string[] {
  const itself = methods.get(path);
  if (itself !== undefined) return [...itself].toSorted();
  const parts = path.split('/');
  const fits = (url: string): boolean => {
    const own = url.split('/');
    return (
      own.length === parts.length &&
      own.every((part, i) => part === parts[i] || (part.startsWith(':') && parts[i] !== ''))
    );
  };
  const found = [...methods].filter(([url]) => fits(url)).flatMap(([, known]) => [...known]);
  return [...new Set(found)].toSorted();
}

/** Without recursion: how deep a body is, is the client's to say. */
function check(body: object): void {
  let level: (readonly [name: string, value: unknown])[] = Object.entries(body);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEPTH_MAX) throw new Problem(400, `the body is nested deeper than ${DEPTH_MAX}`);
    const below: (readonly [string, unknown])[] = [];
    for (const [name, value] of level) {
      if (typeof value === 'string') checkText(name, value);
      else if (typeof value === 'number') checkNumber(name, value);
      else if (typeof value === 'object' && value !== null) {
        for (const [key, inner] of Object.entries(value)) {
          checkText('a name', key);
          below.push([Array.isArray(value) ? name : key, inner]);
        }
      }
    }
    level = below;
  }
}

function checkText(name: string, text: string): void {
  if (text.includes('\0')) throw badParameter(name, 'has a NUL in it, which no text here has');
}

function checkNumber(name: string, value: number): void {
  if (!Number.isFinite(value)) throw badParameter(name, 'is a number without end');
}
