/**
 * What simulated runs have met, over many seeds: the calls that were hit, and the kinds of things
 * there were to spoil. A kind that is never met is one that is not proven.
 */
import type { Simulated } from './simulate.ts';

/** Plain, so that it can be sent from one process to another. */
export interface Seen {
  seeds: number;
  failed: { readonly seed: number; readonly violations: readonly string[] }[];
  compared: number;
  repeats: number;
  zombies: number;
  fenced: number;
  opened: number;
  hits: Record<string, number>;
  /** Verdicts about ticks, dead letters by their reason, and ends of signals. */
  kinds: Record<string, number>;
}

export const nothingSeen = (): Seen => ({
  seeds: 0,
  failed: [],
  compared: 0,
  repeats: 0,
  zombies: 0,
  fenced: 0,
  opened: 0,
  hits: {},
  kinds: {},
});

const WRITTEN = [
  ...['ticks', 'quotes', 'heartbeats', 'quality_events', 'candles', 'features', 'predictions'],
].map((table) => `write ${table}`);
const WHOLE = [
  ...['claim', 'save', 'load', 'query', 'waitApplied', 'modelHeld', 'controlsPassed', 'stored'],
  ...['clockPassed', 'written'],
  ...['noteDead', 'noteKinds'],
];

/** Every call to the outside with every place at which it can go wrong. */
const HITS: readonly string[] = [
  ...[...WHOLE, 'append', ...WRITTEN].flatMap((call) => [`${call} before`, `${call} after`]),
  ...['append', ...WRITTEN].flatMap((call) => [`${call} during`, `${call} repeated`]),
  ...['rebalance', 'stopped process'],
];

const KINDS: readonly string[] = [
  ...['bad_clock', 'correction', 'future', 'gap', 'late', 'malformed'].map(
    (kind) => `verdict ${kind}`,
  ),
  ...['bad_hmac', 'bad_json', 'control_in_frame', 'control_with_key', 'empty_value'].map(
    (reason) => `dead ${reason}`,
  ),
  ...['key_mismatch', 'missing_key', 'price_not_positive', 'schema', 'refused_by_questdb'].map(
    (reason) => `dead ${reason}`,
  ),
  ...['signal', 'signal_end expired', 'refusal'],
  ...['signal', 'stop_loss', 'take_profit', 'expiry'].map((how) => `fill ${how}`),
];

/** What had to come and has not, and what has come and nobody has thought of. */
export function unmet({ hits, kinds, zombies, fenced, repeats }: Seen): string[] {
  const numbers = Object.entries({ zombies, fenced, repeats });
  return [
    ...HITS.filter((hit) => !(hit in hits)).map((hit) => `never hit: ${hit}`),
    ...Object.keys(hits).flatMap((hit) => (HITS.includes(hit) ? [] : [`unknown hit: ${hit}`])),
    ...KINDS.filter((kind) => !(kind in kinds)).map((kind) => `never seen: ${kind}`),
    ...Object.keys(kinds).flatMap((kind) => (KINDS.includes(kind) ? [] : [`unknown: ${kind}`])),
    ...numbers.flatMap(([name, count]) => (count === 0 ? [`never seen: ${name}`] : [])),
  ];
}

export function noteSeed(seen: Seen, seed: number, simulated: Simulated): void {
  const { violations, hits, outcome, reference } = simulated;
  seen.seeds += 1;
  seen.compared += simulated.compared;
  seen.repeats += simulated.repeats;
  seen.zombies += outcome.zombies;
  seen.fenced += outcome.fenced;
  seen.opened += outcome.opened;
  if (violations.length > 0) seen.failed.push({ seed, violations });
  for (const [hit, times] of hits) raise(seen.hits, hit, times);
  for (const [kind, times] of countKinds(reference)) raise(seen.kinds, kind, times);
}

/** Adds what another has seen. */
export function addSeen(seen: Seen, other: Seen): void {
  for (const key of ['seeds', 'compared', 'repeats', 'zombies', 'fenced', 'opened'] as const) {
    seen[key] += other[key];
  }
  seen.failed.push(...other.failed);
  for (const [hit, times] of Object.entries(other.hits)) raise(seen.hits, hit, times);
  for (const [kind, times] of Object.entries(other.kinds)) raise(seen.kinds, kind, times);
}

function raise(counts: Record<string, number>, what: string, times: number): void {
  counts[what] = (counts[what] ?? 0) + times;
}

const known = new WeakMap<Simulated['reference'], ReadonlyMap<string, number>>();

function countKinds(reference: Simulated['reference']): ReadonlyMap<string, number> {
  const before = known.get(reference);
  if (before !== undefined) return before;
  const kinds = new Map<string, number>();
  const note = (kind: string): void => void kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  for (const { value } of ['signals', 'fills'].flatMap((topic) => reference.log.topic(topic))) {
    const { kind, state, reason } = JSON.parse(String(value)) as Record<string, string>;
    note(kind === 'fill' ? `fill ${reason}` : [kind, state].join(' ').trim());
  }
  for (const row of reference.tables.get('quality_events')?.values() ?? []) {
    note(`verdict ${(JSON.parse(row) as { kind: string }).kind}`);
  }
  for (const { headers } of reference.log.topic('dead-letters'))
    note(`dead ${headers?.['reason']}`);
  known.set(reference, kinds);
  return kinds;
}
