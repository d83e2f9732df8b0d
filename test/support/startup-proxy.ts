/**
 * A way to PostgreSQL that looks at what a client begins with, as a pooler does: PgBouncer refuses
 * the startup parameter `options`.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface StartupProxy {
  readonly port: number;
  /** The names of the startup parameters of each connection. */
  readonly seen: string[][];
  close(): void;
}

/** `change` may replace what a client sends afterwards, as a pooler with a mind of its own would. */
export async function startupProxy(
  port: number,
  change: (bytes: Buffer) => Buffer = (bytes) => bytes,
): Promise<StartupProxy> {
  const sockets = new Set<Socket>();
  const seen: string[][] = [];
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => undefined);
    client.once('data', (startup: Buffer) => {
      // Length, protocol version, then names and values, each ended by a zero.
      const words = startup.subarray(8, startup.readInt32BE(0)).toString().split('\0');
      const names = words.filter((word, at) => at % 2 === 0 && word !== '');
      seen.push(names);
      if (names.includes('options')) {
        client.end(refusal('unsupported startup parameter: options'));
        return;
      }
      const onward = connect({ host: '127.0.0.1', port });
      sockets.add(onward);
      onward.on('error', () => client.destroy());
      client.on('close', () => onward.destroy());
      onward.write(startup);
      client.on('data', (bytes: Buffer) => onward.write(change(bytes)));
      onward.pipe(client);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as AddressInfo).port, seen, close };
}

/** An ErrorResponse of PostgreSQL's protocol. */
function refusal(message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0C08P01\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
