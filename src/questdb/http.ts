/**
 * One HTTP request to QuestDB: a URL with user and password in, status and text out.
 *
 * Not by `fetch`: it refuses such URLs, and it cannot be given an authority to trust.
 */
import { request as httpRequest, type Agent, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { trusted } from '../tls.ts';

export interface QuestDbRequest {
  readonly method?: 'GET' | 'POST';
  readonly body?: Buffer;
  /** How long the server may be silent, in milliseconds. */
  readonly timeoutMs?: number;
  readonly agent?: Agent;
  /** A file of certificates to trust beside those of the system. */
  readonly ca?: string | null;
}

/** Rejects when there is no answer in time; an answer of any status is one. */
export function queryQuestDb(
  base: string,
  path: string,
  { method = 'GET', body, timeoutMs = 10_000, agent, ca = null }: QuestDbRequest = {},
): Promise<{ status: number; text: string }> {
  const { origin, username, password } = new URL(base);
  const secure = origin.startsWith('https:');
  const authority = secure && agent === undefined ? trusted(ca) : undefined;
  const options: RequestOptions & { ca?: string[] } = {
    method,
    timeout: timeoutMs,
    ...(agent === undefined ? {} : { agent }),
    ...(authority === undefined ? {} : { ca: authority }),
    ...(username === ''
      ? {}
      : { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` }),
  };
  return new Promise((resolve, reject) => {
    const send = secure ? httpsRequest : httpRequest;
    const sent = send(`${origin}${path}`, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
      });
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    sent.on('error', reject);
    sent.end(body);
  });
}
