/**
 * Requests that nobody should send, drawn by a seed over the API's own document, against the real
 * servers with a seeded market in them. Fails at the first kind of answer that is no answer: a 5xx,
 * a refusal without a problem by RFC 9457, a status that the document does not name.
 *
 *   node --import tsx test/deep/http-fuzz.ts --requests 3000 --seed 1
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseUs } from '../../src/domain/time.ts';
import { seedMarket } from '../http/market.ts';
import { startServer } from '../http/server-under-test.ts';
import startServers from '../support/global-stack.ts';
import {
  findFault,
  fuzzRequests,
  send,
  type FuzzRequest,
  type OpenApi,
} from '../support/http-fuzz.ts';
import { report } from '../support/report.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '3000' },
    seed: { type: 'string', default: '1' },
    report: { type: 'string' },
  },
});

const MARKET = {
  ...{ venue: 'fuzz', symbol: 'EUR/USD', account: 'fuzz', minutes: 200 },
  endUs: parseUs('2014-05-09T20:00:00Z'),
};

async function faultIn(url: string, request: FuzzRequest): Promise<string | null> {
  const fault = await send(url, request).then(
    (answer) => findFault(request, answer),
    (error: unknown) => String(error),
  );
  if (fault === null) return null;
  const { method, path, body } = request;
  return `${method} ${path.slice(0, 300)} ${body?.slice(0, 100) ?? ''}: ${fault}`;
}

async function faults(): Promise<string[]> {
  const server = await startServer();
  try {
    await seedMarket(server.postgres, server.questdb, server.config.questdbUrl, MARKET);
    const answer = await fetch(`${server.url}/v1/openapi.json`);
    const document = (await answer.json()) as OpenApi;
    const token = readFileSync(join(server.config.dataDir, 'http-token'), 'utf8').trim();
    const found: string[] = [];
    const drawn = { seed: Number(values.seed), count: Number(values.requests), token };
    for (const request of fuzzRequests(document, drawn)) {
      const fault = await faultIn(server.url, request);
      if (fault !== null) found.push(fault);
    }
    const alive = await fetch(`${server.url}/healthz`);
    return alive.ok ? found : [...found, `/healthz answers ${alive.status} behind it all`];
  } finally {
    await server.close();
  }
}

async function main(): Promise<number> {
  const stopServers = await startServers();
  try {
    const found = await faults();
    for (const fault of found.slice(0, 20)) console.log(`FAULT  ${fault}`);
    const fullName = `${values.requests} requests of seed ${values.seed} are answered or refused`;
    return report([{ status: found.length === 0 ? 'passed' : 'failed', fullName }], values.report);
  } finally {
    await stopServers();
  }
}

process.exitCode = await main();
