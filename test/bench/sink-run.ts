/**
 * One run of a program that brings the ticks of a topic into a table of QuestDB: from its start
 * until every row can be read. What it costs is taken once the compilers have seen a share of the
 * rows; no number is given before count and sums are those of the ticks.
 */
import { assert, must } from '../../src/assert.ts';
import { sleep } from '../../src/clock.ts';
import type { Bed } from '../faults/bed.ts';
import type { BenchTick } from './bench-ticks.ts';
import { median } from './measure.ts';
import { cpuSeconds } from './process-cpu.ts';
import { questdbPid, type Started } from './server-bench.ts';

const POLL_MS = 50;
const PATIENCE_MS = 180_000;

/** CPU microseconds a row, of the process and of QuestDB, and rows a second until all are seen. */
export interface Cost {
  readonly process: number;
  readonly questdb: number;
  readonly rate: number;
}

/** What has to be in the table at the end. */
export interface Expected {
  readonly rows: number;
  readonly price: number;
  readonly size: number;
}

export function expectedRows(ticks: readonly BenchTick[]): Expected {
  let [price, size] = [0, 0];
  for (const { value } of ticks) {
    const tick = JSON.parse(value) as { price: number; size: number };
    price += tick.price;
    size += tick.size;
  }
  return { rows: ticks.length, price, size };
}

export interface SinkRun {
  readonly table: string;
  readonly expected: Expected;
  /** Share of the rows that is for the compilers. */
  readonly warmUp: number;
  readonly start: () => Promise<Started>;
}

export async function sinkRun(
  bed: Bed,
  { table, expected, warmUp, start }: SinkRun,
): Promise<Cost> {
  const reader = bed.context.questdbReader();
  await reader.query(`TRUNCATE TABLE ${table}`);
  const questdb = questdbPid(bed);
  const { pid, hasEnded, stop } = await start();
  const most = expected.rows;
  const seenBy = (rows: number) => seen(bed, table, { rows, most, hasEnded });
  try {
    const first = await seenBy(expected.rows * warmUp);
    const startMs = performance.now();
    const before = { own: cpuSeconds(pid), questdb: cpuSeconds(questdb) };
    const rows = (await seenBy(expected.rows)) - first;
    assert(rows > expected.rows / 4, 'too few ticks: most of them were there at the first look');
    const seconds = (performance.now() - startMs) / 1_000;
    const perRow = (from: number, to: number): number => ((to - from) * 1e6) / rows;
    const own = perRow(before.own, cpuSeconds(pid));
    const cost = perRow(before.questdb, cpuSeconds(questdb));
    await checkRows(bed, table, expected);
    return { process: own, questdb: cost, rate: rows / seconds };
  } finally {
    await stop();
  }
}

async function seen(
  bed: Bed,
  table: string,
  { rows, most, hasEnded }: { rows: number; most: number; hasEnded: () => boolean },
): Promise<number> {
  const reader = bed.context.questdbReader();
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const [row] = await reader.query<{ n: number }>(`SELECT count() AS n FROM ${table}`);
    const n = row?.n ?? 0;
    assert(n <= most, `${table} has no more rows than there are ticks`);
    if (n >= rows) return n;
    if (hasEnded()) throw new Error(`its process has ended with ${n} rows in ${table}`);
    if (performance.now() > deadline) throw new Error(`${table} stays at ${n} rows`);
    await sleep(POLL_MS);
  }
}

async function checkRows(bed: Bed, table: string, expected: Expected): Promise<void> {
  const [row] = await bed.context
    .questdbReader()
    .query<{ rows: number; price: number; size: number }>(
      `SELECT count() AS rows, ksum(price) AS price, ksum(size) AS size FROM ${table}`,
    );
  const found = must(row);
  for (const name of ['rows', 'price', 'size'] as const) {
    const isEqual = Math.abs(found[name] - expected[name]) <= 1e-9 * expected[name];
    assert(isEqual, `${table} has ${name} ${found[name]}, the ticks have ${expected[name]}`);
  }
}

export const middle = (costs: readonly Cost[]): Cost => ({
  process: median(costs.map((c) => c.process)),
  questdb: median(costs.map((c) => c.questdb)),
  rate: median(costs.map((c) => c.rate)),
});

export const together = ({ process: own, questdb }: Cost): number => own + questdb;

export function sayCost(what: string, { process: own, questdb, rate }: Cost): void {
  const cost = `${own.toFixed(2)} us/row + QuestDB ${questdb.toFixed(2)} us/row`;
  console.log(`${what}: ${cost}, ${rate.toFixed(0)} rows/s`);
}
