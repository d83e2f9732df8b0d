/**
 * Schemathesis (of PyPI) over the API's own document, without a token and with it, on real servers
 * with a seeded market in them: what the document allows is answered as it says, what it does not
 * allow is refused, and nothing is a fault of the server's.
 *
 *   node --import tsx test/deep/schemathesis.ts --examples 15 --seed 1
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseUs } from '../../src/domain/time.ts';
import { seedMarket } from '../http/market.ts';
import { startServer, type ServerUnderTest } from '../http/server-under-test.ts';
import startServers from '../support/global-stack.ts';
import { pythonWith } from '../support/python.ts';
import { report, type ProofResult } from '../support/report.ts';

const { values } = parseArgs({
  options: {
    examples: { type: 'string', default: '15' },
    seed: { type: 'string', default: '1' },
    report: { type: 'string' },
  },
});

const MARKET = {
  ...{ venue: 'schema', symbol: 'EUR/USD', account: 'schema', minutes: 200 },
  endUs: parseUs('2014-05-09T20:00:00Z'),
};
const CHECKS = [
  ...['not_a_server_error', 'status_code_conformance', 'content_type_conformance'],
  ...['response_schema_conformance', 'response_headers_conformance', 'unsupported_method'],
  ...['allow_header_conformance', 'ignored_auth', 'negative_data_rejection'],
  'positive_data_acceptance',
];

/** Refusals of what the document cannot rule out: how words hang together, and what is stored. */
const BEYOND_SCHEMAS = [
  /lies before "from"/,
  /^from and to are needed|is not before to/,
  /^requests of your own say which rows/,
  /is stored of no venue|is not stored|is not venue:symbol/,
  /is not a label spec|is not a duration|too long a duration/,
  /there is no feature set|feature sets of one name|no decision is graded by/,
  /has a NUL in it/,
];

interface Document {
  paths: Record<string, Record<string, { parameters?: { readonly name: string }[] }>>;
}

/** Without what has no end, and without cursors: only a page before gives one. */
async function fetchDocument({ url }: ServerUnderTest, dir: string): Promise<string> {
  const document = (await (await fetch(`${url}/v1/openapi.json`)).json()) as Document;
  delete document.paths['/v1/stream'];
  for (const operation of Object.values(document.paths).flatMap((of) => Object.values(of))) {
    operation.parameters = (operation.parameters ?? []).filter(({ name }) => name !== 'after');
  }
  const file = join(dir, 'openapi.json');
  writeFileSync(file, JSON.stringify(document));
  return file;
}

/** The events of a run, one a line. */
async function run(url: string, document: string, token: string | null): Promise<string> {
  const events = `${document}.events`;
  const bin = join(dirname(pythonWith(['schemathesis==4.32.5'])), 'schemathesis');
  const args = [
    ...['run', document, '--url', url, '--checks', CHECKS.join(','), '--continue-on-failure'],
    ...['--max-examples', values.examples, '--seed', values.seed, '--request-timeout', '30'],
    ...['--warnings', 'off', '--report', 'ndjson', '--report-ndjson-path', events],
    ...['--output-sanitize', 'false'],
    ...(token === null ? [] : ['--header', `Authorization: Bearer ${token}`]),
  ];
  const child = spawn(bin, args, {
    cwd: dirname(document),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await new Promise((resolve) => child.on('exit', resolve));
  return readFileSync(events, 'utf8');
}

interface Recorder {
  readonly checks?: Record<string, { name: string; status: string }[]>;
  readonly interactions?: Record<string, Interaction>;
}
interface Interaction {
  readonly request: { readonly method: string; readonly uri: string };
  readonly response?: { readonly status_code: number; readonly content?: { $base64?: string } };
}

function responseDetail({ response }: Interaction): string {
  const body = Buffer.from(response?.content?.$base64 ?? '', 'base64').toString();
  try {
    return (JSON.parse(body) as { detail?: string }).detail ?? body;
  } catch {
    return body;
  }
}

/** How many answers were looked at, and what is wrong with which. */
function judged(events: string): { answers: number; faults: string[] } {
  const faults: string[] = [];
  let answers = 0;
  for (const line of events.split('\n').filter(Boolean)) {
    const { ScenarioFinished: done } = JSON.parse(line) as {
      ScenarioFinished?: { recorder: Recorder };
    };
    const { checks = {}, interactions = {} } = done?.recorder ?? {};
    answers += Object.keys(interactions).length;
    for (const [id, found] of Object.entries(checks)) {
      const interaction = interactions[id];
      for (const { name, status } of found) {
        if (status !== 'failure' || interaction === undefined) continue;
        const detail = responseDetail(interaction);
        const isBeyond = BEYOND_SCHEMAS.some((reason) => reason.test(detail));
        if (name === 'positive_data_acceptance' && isBeyond) continue;
        // A wrong token is refused by 401, or by 429 where many came before it: neither lets it in.
        if (name === 'ignored_auth' && interaction.response?.status_code === 429) continue;
        const { method, uri } = interaction.request;
        faults.push(
          `${name}: ${method} ${uri.slice(0, 200)}: ${interaction.response?.status_code} ${detail}`,
        );
      }
    }
  }
  return { answers, faults };
}

async function proofs(server: ServerUnderTest, dir: string): Promise<ProofResult[]> {
  await seedMarket(server.postgres, server.questdb, server.config.questdbUrl, MARKET);
  const document = await fetchDocument(server, dir);
  const token = readFileSync(join(server.config.dataDir, 'http-token'), 'utf8').trim();
  const results: ProofResult[] = [];
  for (const given of [null, token]) {
    const { answers, faults } = judged(await run(server.url, document, given));
    for (const fault of new Set(faults.slice(0, 20))) console.log(`FAULT  ${fault}`);
    const who = given === null ? 'without a token' : 'with the token';
    console.log(`${who}: ${answers} answers, ${faults.length} faults`);
    const held = answers > 1_000 && faults.length === 0;
    const fullName = `what is asked ${who} is answered as the document says`;
    results.push({ status: held ? 'passed' : 'failed', fullName });
  }
  return results;
}

async function main(): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'tickloom-schemathesis-'));
  const stopServers = await startServers();
  try {
    const server = await startServer();
    try {
      return report(await proofs(server, dir), values.report);
    } finally {
      await server.close();
    }
  } finally {
    await stopServers();
    rmSync(dir, { recursive: true, force: true });
  }
}

process.exitCode = await main();
