/**
 * Certificates of a test's own, and a way with TLS to a server that speaks none: the connection is
 * opened here and goes on in the clear, as behind a company's gateway.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';

export interface Certificates {
  readonly dir: string;
  /** The authority, which nobody trusts by itself. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** For 127.0.0.1 and localhost, good for two days. Needs `openssl` on the PATH. */
export function makeCertificates(): Certificates {
  const dir = mkdtempSync(join(tmpdir(), 'tickloom-tls-'));
  const at = (name: string): string => join(dir, name);
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  };
  const fresh = ['-newkey', 'rsa:2048', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...fresh,
    ...'-keyout ca.key -out ca.pem -days 2'.split(' '),
    '-subj',
    '/CN=ca',
  );
  openssl(
    'req',
    ...fresh,
    ...'-keyout key.pem -out request.pem'.split(' '),
    '-subj',
    '/CN=localhost',
  );
  writeFileSync(at('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  openssl(
    ...'x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial'.split(' '),
    ...'-out cert.pem -days 2 -extfile names'.split(' '),
  );
  return { dir, ca: at('ca.pem'), cert: at('cert.pem'), key: at('key.pem') };
}

export interface TlsWay {
  readonly port: number;
  close(): void;
}

/** `postgres`: its clients ask in the clear whether they may, before they begin. */
export async function tlsBefore(
  port: number,
  { cert, key }: Certificates,
  { postgres = false } = {},
): Promise<TlsWay> {
  const secureContext = createSecureContext({ cert: readFileSync(cert), key: readFileSync(key) });
  const sockets = new Set<Socket>();
  const carry = (raw: Socket): void => {
    const open = new TLSSocket(raw, { isServer: true, secureContext });
    const onward = connect({ host: '127.0.0.1', port });
    sockets.add(onward);
    open.pipe(onward).pipe(open);
    for (const end of [open, onward])
      end.on('error', () => raw.destroy(onward.destroy() && undefined));
  };
  const server = createServer((raw) => {
    sockets.add(raw);
    raw.on('error', () => undefined);
    if (!postgres) return carry(raw);
    raw.once('readable', () => {
      raw.read(8);
      raw.write('S');
      carry(raw);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as AddressInfo).port, close };
}
