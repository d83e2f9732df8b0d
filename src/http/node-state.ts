/** What is known of a node of the flow -> its state, in a word or two for people. */
import type { FlowGraphNode } from './flow-status.ts';

/** What the tables and the processes say. */
export interface FlowFacts {
  /** Names that running processes have reported that they run, within the last seconds. */
  readonly alive: ReadonlySet<string>;
  /** Stages with a partition that is behind and does not move. */
  readonly standing: ReadonlySet<string>;
  /** Components with an open error. */
  readonly failing: ReadonlySet<string>;
  /** By job: the state of the run that was due last, and how many of all run now. */
  readonly runs: ReadonlyMap<string, { readonly state: string; readonly running: number }>;
}

/** Nodes that another node's process does. */
const NODE_PROCESSES: Readonly<Record<string, string>> = { control: 'trades' };

/**
 * `running`, `not running`, `stands still`, `failing`; of a job the state of its last run, or
 * `looking` where it has none because it looks by itself; null of a feed that nobody runs.
 */
export function nodeState({ name, kind }: FlowGraphNode, facts: FlowFacts): string | null {
  const process = kind === 'job' ? 'jobs' : (NODE_PROCESSES[name] ?? name);
  if (!facts.alive.has(process)) return kind === 'feed' ? null : 'not running';
  if (facts.standing.has(name)) return 'stands still';
  if (kind !== 'job') return 'running';
  if (facts.failing.has(name)) return 'failing';
  const run = facts.runs.get(name);
  if (run === undefined) return 'looking';
  return run.running > 0 ? 'running' : run.state;
}
