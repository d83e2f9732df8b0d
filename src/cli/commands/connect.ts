/**
 * `tickloom connect`: for each server what a client is given to get in: a URL with user and
 * password, for Kafka brokers and SASL, for HTTP the token.
 */
import type { Command } from 'commander';
import { parseEndpoint, isLoopback } from '../../../infra/local/ports.ts';
import { loadConfig, type Config } from '../../config/config.ts';
import {
  credentialsFile,
  readCredentials,
  withLogin,
  withoutLogin,
  type Login,
} from '../../config/credentials.ts';
import { installationToken } from '../../http/access.ts';
import type { KafkaSasl } from '../../config/server-access.ts';
import { CommandError, outputFor } from '../support/context.ts';

export interface Connections {
  readonly postgres: string;
  /** Null for a server that is not ours and whose reader we do not know. */
  readonly postgres_readonly: string | null;
  readonly questdb_http: string;
  readonly questdb_pg: string;
  readonly questdb_pg_readonly: string | null;
  readonly redis: string;
  readonly http: string;
  readonly http_token: string;
  readonly kafka: {
    readonly brokers: readonly string[];
    readonly sasl: KafkaSasl | null;
    readonly tls: boolean;
  };
}

const readerUrl = (url: string, login: Login | undefined): string | null =>
  login === undefined ? null : withLogin(withoutLogin(url), login);

/** Throws `CommandError` before the first start, when there are no passwords yet. */
export function listConnections(config: Config): Connections {
  const { postgresUrl, questdbUrl, questdbPgUrl, redisUrl, kafka, dataDir } = config;
  for (const url of [postgresUrl, questdbUrl, questdbPgUrl, redisUrl]) {
    if (new URL(url).password !== '' || !isLoopback(parseEndpoint(url, '').host)) continue;
    throw new CommandError(
      `${credentialsFile(dataDir)} has no password for ${url} yet: start the servers first ` +
        '(npm start, or npx tickloom stack up)',
    );
  }
  const known = readCredentials(dataDir);
  const { brokers, sasl, tls } = kafka;
  return {
    postgres: postgresUrl,
    postgres_readonly: readerUrl(postgresUrl, known.postgres_readonly),
    questdb_http: questdbUrl,
    questdb_pg: questdbPgUrl,
    questdb_pg_readonly: readerUrl(questdbPgUrl, known.questdb_pg_readonly),
    redis: redisUrl,
    http: pageUrl(config),
    http_token: installationToken(dataDir),
    kafka: { brokers, sasl, tls },
  };
}

/** A server that listens everywhere is reached on this machine by loopback. */
function pageUrl({ httpHost, httpPort }: Config): string {
  const host = ['0.0.0.0', '::'].includes(httpHost) ? '127.0.0.1' : httpHost;
  return `http://${host.includes(':') ? `[${host}]` : host}:${httpPort}`;
}

export function connectCommands(program: Command): void {
  program
    .command('connect')
    .description('print URLs with user and password for every server; keep them secret')
    .action((_options, command: Command) => {
      const found = listConnections(loadConfig());
      const { kafka, ...rest } = found;
      const { brokers, sasl, tls } = kafka;
      const entered = sasl === null ? '' : `  ${sasl.mechanism} ${sasl.username}:${sasl.password}`;
      const lines = Object.entries({
        ...rest,
        kafka: `${brokers.join(',')}${entered}${tls ? '  TLS' : ''}`,
      }).map(([name, value]) => `${name.padEnd(20)} ${value ?? 'not known here'}`);
      outputFor(command).show(found, lines.join('\n'));
    });
}
