/**
 * What a simulated run has left behind, held against the world that it ran in and against the same
 * run in peace. Differences are told in words, a few of each kind.
 */
import { must } from '../../src/assert.ts';
import type { OutRecord, LogRecord } from '../../src/stream/stage.ts';
import type { QuoteRow } from '../../src/questdb/tables/quotes.ts';
import type { TickRow } from '../../src/questdb/tables/ticks.ts';
import type { FakeLog } from './fake-log.ts';
import type { World } from './world.ts';

export interface Result {
  /** Rows by table and key. */
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly log: FakeLog;
  /** Where control records came by, and from when those held that name a model. */
  readonly controls: ReadonlyMap<string, number>;
  /** Why records are noted as dead, or of which kind that nobody knows, by their place. */
  readonly noted: ReadonlyMap<string, string>;
  /** Rows that have taken the place of another one. */
  readonly rewritten: readonly string[];
}

type Texts = ReadonlyMap<string, string>;

export const DERIVED = ['features', 'predictions', 'signals', 'fills'] as const;
const SHOWN = 3;

/**
 * Where a run in peace is not what its world asks for: all stored once, all dead ones dead letters.
 */
export function mistakes(world: World, peace: Result): string[] {
  const dead = [...deadLetters(peace).keys()].filter((source) => source.startsWith('ticks/'));
  const asMap = (keys: Iterable<string>): Texts => new Map([...keys].map((key) => [key, '']));
  const wanted = [...world.dead].map((place) => `ticks/${place}`);
  const noted = [...peace.noted.keys()].filter((place) => place.startsWith('dead ticks/'));
  return [
    ...compared('stored ticks', world.stored, storedTicks(peace)),
    ...compared('dead letters', asMap(wanted), asMap(dead)),
    ...compared('noted records', asMap(wanted.map((place) => `dead ${place}`)), asMap(noted)),
  ];
}

/** What a run has written twice, and not the same each time. */
export const contradictions = (result: Result): string[] => [
  ...result.rewritten.slice(0, SHOWN).map((row) => `rewritten: ${row}`),
  ...DERIVED.flatMap((topic) => unequalRepeats(topic, result)),
];

/** How a disturbed run's result differs from that of the run in peace. */
export function differences(peace: Result, other: Result): string[] {
  const names = [...new Set([...peace.tables.keys(), ...other.tables.keys()])];
  const none = new Map<string, string>();
  return [
    ...names.flatMap((name) =>
      compared(`table ${name}`, peace.tables.get(name) ?? none, other.tables.get(name) ?? none),
    ),
    ...DERIVED.flatMap((topic) => [
      ...compared(`topic ${topic}`, recordsById(topic, peace), recordsById(topic, other)),
      ...compared(`order of ${topic}`, orderBySeries(topic, peace), orderBySeries(topic, other)),
    ]),
    ...compared('dead letters', deadLetters(peace), deadLetters(other)),
    ...compared('notes', peace.noted, other.noted),
    ...compared('controls', asTexts(peace.controls), asTexts(other.controls)),
  ];
}

function compared(what: string, wanted: Texts, found: Texts): string[] {
  const faults: string[] = [];
  for (const [key, text] of wanted) {
    const other = found.get(key);
    if (other === undefined) faults.push(`${what}: lacks ${key}`);
    else if (other !== text) faults.push(`${what}: ${key} is ${other}, not ${text}`);
  }
  for (const key of found.keys()) if (!wanted.has(key)) faults.push(`${what}: has ${key} too much`);
  return faults.length > SHOWN
    ? [...faults.slice(0, SHOWN), `${what}: ${faults.length} in all`]
    : faults;
}

/** Trades and quotes as the tables have them, in the form of `World.stored`. */
function storedTicks({ tables }: Result): Texts {
  const found = new Map<string, string>();
  for (const table of ['ticks', 'quotes']) {
    for (const content of (tables.get(table) ?? new Map<string, string>()).values()) {
      const row = JSON.parse(content) as TickRow | QuoteRow;
      const { ts, venue, symbol, id, known_at: _, ...values } = row;
      found.set(`${table}|${venue}:${symbol}|${ts}|${id}`, JSON.stringify(Object.values(values)));
    }
  }
  return found;
}

const recordText = (record: LogRecord): string => must(record.value).toString('utf8');

interface Identified {
  readonly id: string;
  /** The record's key and instrument: what the order of is promised. */
  readonly series: string;
  /** All of it. */
  readonly text: string;
}

const known = new WeakMap<Result, Map<string, Identified[]>>();

/** Records of a derived topic by their id; what others have put there has none. */
function identified(topic: string, result: Result): Identified[] {
  const topics = known.get(result) ?? new Map<string, Identified[]>();
  known.set(result, topics);
  const records = topics.get(topic) ?? identify(topic, result);
  topics.set(topic, records);
  return records;
}

function identify(topic: string, { log }: Result): Identified[] {
  const own = log.topic(topic).filter(({ key }) => key !== null);
  return own.map((record) => {
    const value = recordText(record);
    const id = must(HEAD.exec(value), `no id in ${value}`)[0];
    const series = `${record.key} ${must(SYMBOL.exec(value))[0]}`;
    return { id, series, text: `${record.partition} ${record.key} ${record.timestampUs} ${value}` };
  });
}

const HEAD = /^\{"kind":"\w+","\w+_id":"[^"]+"/;
const SYMBOL = /"symbol":"[^"]+"/;

const recordsById = (topic: string, result: Result): Texts =>
  new Map(identified(topic, result).map(({ id, text }) => [id, text]));

function unequalRepeats(topic: string, result: Result): string[] {
  const first = new Map<string, string>();
  const faults: string[] = [];
  for (const { id, text } of identified(topic, result)) {
    const before = first.get(id) ?? text;
    first.set(id, before);
    if (before !== text) faults.push(`${topic}: was ${before}, then ${text}`);
  }
  return faults.slice(0, SHOWN);
}

/** The ids of every series in the order in which they came first. */
function orderBySeries(topic: string, result: Result): Texts {
  const ids = new Map<string, Set<string>>();
  for (const { id, series } of identified(topic, result)) {
    ids.set(series, (ids.get(series) ?? new Set()).add(id));
  }
  return new Map([...ids].map(([series, seen]) => [series, [...seen].join()]));
}

/** By their source; rows that QuestDB refused have none but themselves. */
function deadLetters({ log }: Result): Texts {
  const letters = log.topic('dead-letters').map((record) => {
    const { headers = {} } = record as LogRecord & Pick<OutRecord, 'headers'>;
    const { source_topic: topic, source_partition: partition, source_offset: offset } = headers;
    const source = topic === undefined ? recordText(record) : `${topic}/${partition}/${offset}`;
    return [source, JSON.stringify([record.key, record.timestampUs, headers, recordText(record)])];
  });
  return new Map(letters as [string, string][]);
}

const asTexts = (numbers: ReadonlyMap<string, number>): Texts =>
  new Map([...numbers].map(([key, value]) => [key, String(value)]));
