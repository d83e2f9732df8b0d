/**
 * Long text answers by gzip, for whoever takes it: lists are a tenth of their size on the way.
 * Files of data sets are not touched: their ranges count the bytes as they are.
 */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Below it the saving is less than a packet. */
const LEAST_BYTES = 1_400;

const compressed = promisify(gzip);

/** A client that names gzip, and does not say that it wants none of it. */
export const takesGzip = ({ headers }: Pick<FastifyRequest, 'headers'>): boolean =>
  (headers['accept-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .some((each) => /^\s*(x-)?gzip\s*(;\s*q=(?!0(\.0*)?\s*$)[\d.]+\s*)?$/.test(each));

export function useCompression(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (typeof payload !== 'string' || payload.length < LEAST_BYTES) return payload;
    void reply.header('vary', 'accept-encoding');
    if (request.method === 'HEAD' || !takesGzip(request)) return payload;
    void reply.header('content-encoding', 'gzip').removeHeader('content-length');
    return compressed(payload);
  });
}
