/**
 * Whether the servers' ports are free, and whose they are when they are not. Promise: a taken port
 * ends in a message that names the port, its holder where the system shows it, and the setting that
 * moves us elsewhere.
 */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';

/** One port that a server of ours listens on, and the setting that it comes from. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly setting: string;
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1', '[::1]']);

/**
 * Whether a host of the configuration is this machine alone, and its servers thus ours to start.
 */
export const isLoopback = (host: string): boolean => LOOPBACK.has(host);

/** The endpoint of a URL (or of `host:port`) in the configuration. */
export function parseEndpoint(url: string, setting: string, defaultPort = 80): Endpoint {
  const parsed = new URL(url.includes('://') ? url : `tcp://${url}`);
  const host = parsed.hostname === 'localhost' ? '127.0.0.1' : parsed.hostname;
  const port = parsed.port === '' ? defaultPort : Number(parsed.port);
  return { host: host.replace(/^\[|\]$/g, ''), port, setting };
}

/**
 * Whether somebody listens on the port, or the system keeps it from us: the error's code, or null.
 */
export function portProblem(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

/** Socket inodes that listen on `port`, from `/proc/net/tcp` or `tcp6`. */
export function listeningInodes(table: string, port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${hex}`) === true && fields[3] === '0A')
    .map((fields) => fields[9] ?? '');
}

function holdsInode(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    const files = readdirSync(`/proc/${pid}/fd`);
    return files.some((file) => inodes.has(readlinkSync(`/proc/${pid}/fd/${file}`)));
  } catch {
    // Another user's process, or one that has just ended.
    return false;
  }
}

/** A command line of `/proc` for a message: Java's flags say little, what it runs comes last. */
export function shortCommand(cmdline: string): string {
  const words = cmdline.split('\0').filter((word) => word !== '');
  const whole = words.join(' ');
  return whole.length <= 100 ? whole : `${words[0]?.slice(-60)} … ${whole.slice(-60).trimStart()}`;
}

/**
 * The process that listens on `port` (`java … (process 123)`), or null where `/proc` does not say.
 */
export function portHolder(port: number): string | null {
  try {
    const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFileSync(file, 'utf8'));
    const inodes = new Set(
      tables.flatMap((table) => listeningInodes(table, port)).map((inode) => `socket:[${inode}]`),
    );
    const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && holdsInode(name, inodes));
    if (pid === undefined) return null;
    return `${shortCommand(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))} (process ${pid})`;
  } catch {
    return null;
  }
}

/** The sentence for a port that cannot be had. */
export function portTakenMessage(
  server: string,
  endpoint: Endpoint,
  problem: string,
  holder: string | null,
): string {
  const { host, port, setting } = endpoint;
  if (problem !== 'EADDRINUSE') return `${server} cannot listen on ${host}:${port}: ${problem}`;
  const by = holder === null ? 'another process' : holder;
  return `port ${port} for ${server} is taken by ${by}: stop it, or set ${setting} to another port`;
}

/** One line for each endpoint of a server that cannot be had now. */
export async function portProblems(
  server: string,
  endpoints: readonly Endpoint[],
): Promise<string[]> {
  const lines = await Promise.all(
    endpoints.map(async (endpoint) => {
      const problem = await portProblem(endpoint.host, endpoint.port);
      if (problem === null) return [];
      return [portTakenMessage(server, endpoint, problem, portHolder(endpoint.port))];
    }),
  );
  return lines.flat();
}
