/**
 * Who may ask what. On loopback reading is free, because only this machine can; writing always
 * needs the installation's token, and everything does when the server listens anywhere else, but
 * whether it answers at all.
 *
 * A page of a foreign site must not read from loopback through a browser either: a request whose
 * Host is not one of ours is refused (DNS rebinding).
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem, TooManyWrong } from './problem.ts';
import { sendSignInForm, SIGN_IN, signIn } from './sign-in.ts';
import type { WrongTokens } from './wrong-tokens.ts';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1', '[::1]']);

export const isLoopbackHost = (host: string): boolean => LOOPBACK.has(host);

const TOKEN_FILE = 'http-token';
const COOKIE = 'tickloom_token';

/**
 * The installation's token, from its file in the data directory: made at the first start, readable
 * by its owner alone.
 */
export function installationToken(dataDir: string): string {
  const file = join(dataDir, TOKEN_FILE);
  mkdirSync(dataDir, { recursive: true });
  try {
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    chmodSync(file, 0o600);
  }
  const token = readFileSync(file, 'utf8').trim();
  if (token.length >= 32) return token;
  throw new Error(`${file} holds no token of at least 32 characters; remove it to get a new one`);
}

export interface Access {
  readonly host: string;
  readonly token: string;
  /** Answers come by TLS: then cookies go by nothing else. */
  readonly isSecure: boolean;
  readonly wrongTokens: WrongTokens;
}

/** Checks every request of `app` before anything else of it is looked at. */
export function useAccess(
  app: FastifyInstance,
  { host, token, isSecure, wrongTokens }: Access,
): void {
  const open = isLoopbackHost(host);
  const checkToken = (given: string, ip: string): void => {
    if (equals(given, token)) return;
    const waitS = given === '' ? 0 : wrongTokens.note(ip);
    if (waitS > 0) throw new TooManyWrong(waitS);
    throw new Problem(401, `send "Authorization: Bearer …" with the token of ${TOKEN_FILE}`);
  };
  app.addHook('onRequest', async (request, reply) => {
    const { url } = request.routeOptions;
    // Whoever watches over the process has no token, and learns that it answers, no more.
    if (url === '/healthz') return;
    if (open) refuseForeignHost(request);
    if (url === SIGN_IN) return;
    if (open && (request.method === 'GET' || request.method === 'HEAD')) return;
    const given = findToken(request);
    if (given === '' && url === '/' && request.method === 'GET') return sendSignInForm(reply);
    checkToken(given, request.ip);
    return undefined;
  });
  signIn(app, {
    makeCookie: (given, ip) => {
      checkToken(given === '' ? ' ' : given, ip);
      const only = isSecure ? '; Secure' : '';
      return `${COOKIE}=${token}; HttpOnly; SameSite=Strict; Path=/${only}`;
    },
  });
}

function refuseForeignHost(request: FastifyRequest): void {
  const name = (request.headers.host ?? '').replace(/:\d+$/, '');
  if (isLoopbackHost(name)) return;
  throw new Problem(421, `this server answers for 127.0.0.1 and localhost, not for "${name}"`);
}

/** The token of a request: of its header, or of the cookie that the page signed in with. */
function findToken({ headers, method }: FastifyRequest): string {
  const bearer = /^Bearer ([^\s]+)$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  // A cookie comes along by itself, so it must not be enough for anything that changes things.
  if (method !== 'GET' && method !== 'HEAD') return '';
  const cookies = (headers.cookie ?? '').split(/; */);
  return cookies.find((each) => each.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1) ?? '';
}

/** In constant time: of equal length by hashing first. */
function equals(given: string, expected: string): boolean {
  const hash = (value: string): Buffer => createHash('sha256').update(value).digest();
  return timingSafeEqual(hash(given), hash(expected));
}
