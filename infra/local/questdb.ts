/**
 * QuestDB for one machine: HTTP (rows in, SQL) and PostgreSQL's protocol (SQL), loopback only.
 * Promise: nobody gets in without a password, also through somebody's browser; rows never make a
 * table or a column, and it phones nobody.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { queryQuestDb } from '../../src/questdb/http.ts';
import type { Config } from '../../src/config/config.ts';
import { readCredentials } from '../../src/config/credentials.ts';
import { privateDir, serverDir } from './data-dir.ts';
import { parseEndpoint, type Endpoint } from './ports.ts';
import type { LocalServer, Programs } from './server.ts';

const HEAP = ['-Xms128m', '-Xmx768m', '-XX:+UseParallelGC', '-XX:ErrorFile=hs_err.log'];
/** It would be sampled twenty times a second for whoever attaches by `jps`. */
const NO_SAMPLES = '-XX:-UsePerfData';

/** Errors and advice; at its own level it writes a line for every request. */
const LOG_CONF = `writers=stdout
w.stdout.class=io.questdb.log.LogConsoleWriter
w.stdout.level=CRITICAL,ERROR,ADVISORY
`;

/** The user of a URL, who may do everything. */
function userSettings(url: string, prefix: string): string {
  const { username, password } = new URL(url);
  if (username === '') return '';
  const [user, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
  return `${prefix}.user=${user}\n${prefix}.password=${secret}\n`;
}

/** The one who may only read, over PostgreSQL's protocol. */
function readerSettings({ dataDir }: Config): string {
  const reader = readCredentials(dataDir).questdb_pg_readonly;
  if (reader === undefined) return '';
  const { user, password } = reader;
  return `pg.readonly.user.enabled=true
pg.readonly.user=${user}
pg.readonly.password=${password}
`;
}

const allUserSettings = (config: Config): string =>
  userSettings(config.questdbUrl, 'http') +
  userSettings(config.questdbPgUrl, 'pg') +
  readerSettings(config);

const RESTING = ['shared.worker', 'wal.apply.worker'];

const idleSettings = (pool: string): string =>
  `${pool}.yield.threshold=1\n${pool}.nap.threshold=20\n${pool}.sleep.threshold=60`;

/** The server's settings; each that differs from QuestDB's own says why. */
function serverConf(config: Config, http: Endpoint, pg: Endpoint): string {
  return `# Written at every start; changes here are lost.
http.net.bind.to=${http.host}:${http.port}
pg.net.bind.to=${pg.host}:${pg.port}
# A session's cookie would go along with what a page on any other port of this machine asks, and to
# every server here. The console works without: it keeps the password itself.
http.server.cookies.enabled=false
${allUserSettings(config)}http.min.enabled=false
line.tcp.enabled=false
line.udp.enabled=false
# A typo must make neither a table nor a column: the schema is the project's.
line.auto.create.new.tables=false
line.auto.create.new.columns=false
telemetry.enabled=false
telemetry.disable.completely=true
metrics.enabled=true
# A small machine that it shares. A query holds its network worker, so there are a few of these. One
# worker that writes is enough beside the two that apply rows: as many rows a second as with two.
shared.network.worker.count=3
shared.query.worker.count=1
shared.write.worker.count=1
# Workers without work go to sleep at once. By default each spins and dozes a thousand times before:
# a few small queries a second then take three quarters of a core (measured), and these a third.
${RESTING.map((pool) => idleSettings(pool)).join('\n')}
# One that sleeps wakes up a hundred times a second, and fourteen of them cost 4 % of a core. So
# what is seldom used (views, exports) wakes up seldom, what applies rows twenty times a second,
# and all others every 20 ms: a query that comes alone waits some milliseconds longer for that.
shared.worker.sleep.timeout=20
wal.apply.worker.sleep.timeout=50
view.compiler.worker.count=1
view.compiler.worker.sleep.timeout=500
mat.view.refresh.worker.count=1
mat.view.refresh.worker.sleep.timeout=500
export.worker.sleep.timeout=500
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

async function answers({ questdbUrl, tlsCa: ca }: Config, pg: Endpoint): Promise<void> {
  const request = { timeoutMs: 3000, ca };
  const { status, text } = await queryQuestDb(questdbUrl, '/exec?query=select%201', request);
  if (status !== 200) throw new Error(`HTTP ${status}: ${text.slice(0, 200)}`);
  await portOpens(pg);
}

function javaFlags({ javaMajor }: Programs): string[] {
  // Newer Javas warn about, and will one day refuse, what QuestDB does with memory and natives.
  if (javaMajor < 24) return [];
  return ['--sun-misc-unsafe-memory-access=allow', '--enable-native-access=io.questdb'];
}

/** QuestDB as `config` wants it. */
export function questdbServer(config: Config): LocalServer {
  const http = parseEndpoint(config.questdbUrl, 'TICKLOOM_QUESTDB_URL', 9000);
  const pg = parseEndpoint(config.questdbPgUrl, 'TICKLOOM_QUESTDB_PG_URL', 8812);
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
      writeFileSync(join(dir, 'conf', 'log.conf'), LOG_CONF, { mode: 0o600 });
    },
    command: (programs) => ({
      file: 'java',
      args: [
        ...HEAP,
        NO_SAMPLES,
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
    ready: () => answers(config, pg),
  };
}
