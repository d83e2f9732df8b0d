/**
 * What the stack needs to know of one server. Promise: a server's file says how it is prepared,
 * started, probed and stopped, and nothing else knows.
 */
import type { Artefacts } from './artefacts.ts';
import type { ServerName } from './data-dir.ts';
import type { Endpoint } from './ports.ts';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Record<string, string>;
  readonly uid?: number;
  readonly gid?: number;
}

export interface Programs extends Artefacts {
  readonly javaMajor: number;
}

export interface LocalServer {
  readonly name: ServerName;
  /** Every port that it listens on, the one that users connect to first. */
  readonly endpoints: readonly Endpoint[];
  /** What its data directory and settings depend on, for the fingerprint. */
  readonly settings: string;
  /** Asks it to end in order, finishing what is under way. */
  readonly stopSignal: NodeJS.Signals;
  /** Makes directories and settings; idempotent; the server does not run meanwhile. */
  prepare(programs: Programs): Promise<void>;
  command(programs: Programs): Command;
  /** Resolves when it answers a real request; rejects with the reason while it does not. */
  ready(): Promise<void>;
  /** Deletes what lies outside the data directory. */
  reset?(): void;
}
