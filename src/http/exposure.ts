/**
 * Where the server listens -> whether it may: beyond loopback by TLS, or where somebody says that
 * the network is safe. Without either, everybody on the way reads the token.
 */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ConfigError, type Config } from '../config/config.ts';
import { isLoopbackHost } from './access.ts';

type Exposed = Pick<Config, 'httpHost' | 'httpInsecure' | 'httpTlsCert' | 'httpTlsKey'>;

export interface Tls {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Null: plain HTTP. Throws a `ConfigError` that says what to set. */
export function loadTls({ httpHost, httpInsecure, httpTlsCert, httpTlsKey }: Exposed): Tls | null {
  if (httpTlsCert !== null && httpTlsKey !== null) return readTls(httpTlsCert, httpTlsKey);
  if (httpTlsCert !== null || httpTlsKey !== null) {
    throw new ConfigError(['TICKLOOM_HTTP_TLS_CERT and TICKLOOM_HTTP_TLS_KEY: set both, or none']);
  }
  if (isLoopbackHost(httpHost) || httpInsecure === 'true') return null;
  throw new ConfigError([
    `TICKLOOM_HTTP_HOST is ${httpHost}, which others reach, and without TLS they can read tokens ` +
      'on the way. Set TICKLOOM_HTTP_TLS_CERT and TICKLOOM_HTTP_TLS_KEY (PEM files); or, where ' +
      'the network is yours alone or a proxy in front has TLS, start with --insecure or ' +
      'TICKLOOM_HTTP_INSECURE=true',
  ]);
}

function readTls(certFile: string, keyFile: string): Tls {
  try {
    const tls = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
    createSecureContext(tls);
    return tls;
  } catch (error) {
    const why = (error as Error).message;
    throw new ConfigError([
      `TICKLOOM_HTTP_TLS_CERT and TICKLOOM_HTTP_TLS_KEY are no certificate and its key: ${why}`,
    ]);
  }
}
