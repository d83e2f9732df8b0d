/**
 * A file as the answer to GET and HEAD: whole, or one range of its bytes (RFC 9110), with an entity
 * tag by which a client requests what is missing, or not again at all.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from './problem.ts';

export interface SentFile {
  readonly path: string;
  /** Another content has another one. */
  readonly tag: string;
  readonly type: string;
  /** The name under which a browser keeps it. */
  readonly name: string;
}

/** Answers with the file; a range that lies behind its end is 416. */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { path, tag, type, name }: SentFile,
): Promise<FastifyReply> {
  const { size } = await stat(path);
  const etag = `"${tag}"`;
  void reply
    .header('etag', etag)
    .header('accept-ranges', 'bytes')
    .header('cache-control', 'private, no-cache')
    .header('content-disposition', `attachment; filename="${name}"`)
    .type(type);
  const { 'if-none-match': known, 'if-range': ifRange, range } = request.headers;
  if (known !== undefined && matches(known, etag)) return reply.code(304).send();
  const isSame = ifRange === undefined || ifRange === etag;
  const requested = isSame ? parseRange(range, size) : null;
  if (requested === 'beyond') {
    void reply.header('content-range', `bytes */${size}`);
    throw new Problem(416, `the file has ${size} bytes; "${range}" requests none of them`);
  }
  if (requested !== null) {
    const { start, end } = requested;
    void reply.code(206).header('content-range', `bytes ${start}-${end}/${size}`);
  }
  const { start, end } = requested ?? { start: 0, end: size - 1 };
  void reply.header('content-length', end - start + 1);
  return reply.send(createReadStream(path, { start, end }));
}

const matches = (header: string, etag: string): boolean =>
  header.trim() === '*' ||
  header
    .split(',')
    .map((each) => each.trim().replace(/^W\//, ''))
    .includes(etag);

/** One range of bytes; null for none, for several, and for what is no range: then all is sent. */
export function parseRange(
  header: string | undefined,
  size: number,
): { readonly start: number; readonly end: number } | 'beyond' | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  const [first = '', last = ''] = match?.slice(1) ?? [];
  if (match === null || (first === '' && last === '')) return null;
  if (first === '') {
    const start = Math.max(0, size - Number(last));
    return Number(last) === 0 ? 'beyond' : { start, end: size - 1 };
  }
  const [start, end] = [Number(first), last === '' ? size - 1 : Number(last)];
  if (end < start && last !== '') return null;
  return start >= size ? 'beyond' : { start, end: Math.min(end, size - 1) };
}
