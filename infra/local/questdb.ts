/**
 * QuestDB for one machine: HTTP (rows in, SQL) and PostgreSQL's protocol (SQL), loopback only.
 * Promise: rows never make a table or a column, and it phones nobody.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import type { Config } from '../../src/config.ts';
import { privateDir, serverDir } from './data-dir.ts';
import { endpointOf, type Endpoint } from './ports.ts';
import type { LocalServer, Programs } from './server.ts';

const HEAP = ['-Xms128m', '-Xmx768m', '-XX:+UseParallelGC', '-XX:ErrorFile=hs_err.log'];

/** Errors and advice; at its own level it writes a line for every request. */
const LOG_CONF = `writers=stdout
w.stdout.class=io.questdb.log.LogConsoleWriter
w.stdout.level=CRITICAL,ERROR,ADVISORY
`;

const userSettings = (url: string, prefix: string): string => {
  const { username, password } = new URL(url);
  if (username === '') return '';
  const [user, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
  return `${prefix}.user=${user}\n${prefix}.password=${secret}\n`;
};

const RESTING = ['shared.worker', 'wal.apply.worker'];

const restOf = (pool: string): string =>
  `${pool}.yield.threshold=1\n${pool}.nap.threshold=20\n${pool}.sleep.threshold=60`;

/** The server's settings; each that differs from QuestDB's own says why. */
function serverConf(config: Config, http: Endpoint, pg: Endpoint): string {
  return `# Written at every start; changes here are lost.
http.net.bind.to=${http.host}:${http.port}
pg.net.bind.to=${pg.host}:${pg.port}
${userSettings(config.questdbUrl, 'http')}${userSettings(config.questdbPgUrl, 'pg')}
http.min.enabled=false
line.tcp.enabled=false
line.udp.enabled=false
# A typo must make neither a table nor a column: the schema is the project's.
line.auto.create.new.tables=false
line.auto.create.new.columns=false
telemetry.enabled=false
telemetry.disable.completely=true
metrics.enabled=true
# A small machine that it shares. A query holds its network worker, so there are a few of these.
shared.network.worker.count=3
shared.query.worker.count=1
shared.write.worker.count=2
# Workers without work go to sleep at once. By default each spins and dozes a thousand times before:
# a few small queries a second then take three quarters of a core (measured), and these a third.
${RESTING.map((pool) => restOf(pool)).join('\n')}
# By default every open column takes 16 MB of disk at a time, and the features have fifty.
cairo.writer.data.append.page.size=1m
cairo.wal.writer.data.append.page.size=256k
cairo.o3.column.memory.size=256k
`;
}

function portOpens({ host, port }: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 1000 });
    socket.once('connect', () => resolve(socket.destroy() && undefined));
    socket.once('timeout', () => socket.destroy(new Error('no answer')));
    socket.once('error', reject);
  });
}

async function answers(url: string, pg: Endpoint): Promise<void> {
  const { origin, username, password } = new URL(url);
  const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  const response = await fetch(`${origin}/exec?query=select%201`, {
    headers: username === '' ? {} : { authorization: `Basic ${basic.toString('base64')}` },
    signal: AbortSignal.timeout(3000),
  });
  const body = await response.text();
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${body.slice(0, 200)}`);
  await portOpens(pg);
}

function javaFlags({ javaMajor }: Programs): string[] {
  // Newer Javas warn about, and will one day refuse, what QuestDB does with memory and natives.
  if (javaMajor < 24) return [];
  return ['--sun-misc-unsafe-memory-access=allow', '--enable-native-access=io.questdb'];
}

/** QuestDB as `config` wants it. */
export function questdbServer(config: Config): LocalServer {
  const http = endpointOf(config.questdbUrl, 'TICKLOOM_QUESTDB_URL', 9000);
  const pg = endpointOf(config.questdbPgUrl, 'TICKLOOM_QUESTDB_PG_URL', 8812);
  const dir = serverDir(config.dataDir, 'questdb');
  const settings = serverConf(config, http, pg);
  return {
    name: 'questdb',
    endpoints: [http, pg],
    settings,
    stopSignal: 'SIGTERM',
    prepare: async () => {
      mkdirSync(join(privateDir(dir), 'conf'), { recursive: true });
      writeFileSync(join(dir, 'conf', 'server.conf'), settings, { mode: 0o600 });
      writeFileSync(join(dir, 'conf', 'log.conf'), LOG_CONF);
    },
    command: (programs) => ({
      file: 'java',
      args: [
        ...HEAP,
        ...javaFlags(programs),
        '--module-path',
        programs.questdbJars.join(delimiter),
        '-m',
        'io.questdb/io.questdb.ServerMain',
        '-d',
        dir,
      ],
      cwd: dir,
    }),
    ready: () => answers(config.questdbUrl, pg),
  };
}
