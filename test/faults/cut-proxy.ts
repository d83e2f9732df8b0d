/**
 * A TCP proxy before QuestDB that can swallow an answer: the whole request goes through, the server
 * does what it says, and the client sees a broken connection. It cannot know whether it was heard.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';

export class CutProxy {
  /** Answers swallowed so far. */
  cuts = 0;
  private pending = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  constructor(port: number, targetPort: number) {
    this.server = createServer((client) => this.join(client, targetPort));
    this.server.listen(port, '127.0.0.1');
  }

  /** Swallows the next `n` answers to requests with a body. */
  cutNext(n: number): void {
    this.pending += n;
  }

  close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    return new Promise((resolve) => {
      this.server.close(() => resolve());
    });
  }

  private join(client: Socket, targetPort: number): void {
    const target = connect(targetPort, '127.0.0.1');
    let posting = false;
    for (const socket of [client, target]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        client.destroy();
        target.destroy();
      });
    }
    client.on('data', (chunk) => {
      posting ||= chunk.subarray(0, 4).toString('latin1') === 'POST';
      target.write(chunk);
    });
    target.on('data', (chunk) => {
      if (posting && this.pending > 0) {
        this.pending -= 1;
        this.cuts += 1;
        client.destroy();
        return;
      }
      posting = false;
      client.write(chunk);
    });
  }
}
