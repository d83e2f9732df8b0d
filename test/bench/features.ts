/**
 * What an instant at which candles close costs: our feature operator beside the indicators of npm's
 * trading-signals and of Python's talipp, on the same candles. Ours computes all of its features,
 * the peers those that they have an indicator for. Where they define it alike the values have to be
 * equal within 1e-9 first, once the different seeds of the recursive ones are forgotten.
 */
import { assert } from '../../src/assert.ts';
import { TIMEFRAMES, type ClosedCandle, type Timeframe } from '../../src/domain/candle.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import {
  initialFeatureState,
  updateFeatures,
  type FeatureState,
} from '../../src/features/features.ts';
import { drawnMarket } from '../features/drawn-market.ts';
import { ALL_ROUNDS, cpuNs, inTurns, printResults, type NotedResult } from './measure.ts';
import { startTalipp, type Talipp } from './talipp.ts';
import { TALIPP, TRADING_SIGNALS, type Peer } from './peer-features.ts';
import { tradingSignals } from './trading-signals.ts';

type Values = readonly (number | null)[];
type Newest = Readonly<Record<Timeframe, Values>>;

/** Long enough for hourly averages to forget their seed: 13 / 14 to the power of 500 is 1e-16. */
const WARM_UP_INSTANTS = 30_000;
const INSTANTS = 500;
const MARKET = drawnMarket(1.1 * (WARM_UP_INSTANTS + ALL_ROUNDS * INSTANTS));

/** CPU nanoseconds an instant. */
export async function benchFeatures(): Promise<NotedResult[]> {
  return [await besideTradingSignals(), await besideTalipp()];
}

async function besideTradingSignals(): Promise<NotedResult> {
  const update = tradingSignals();
  let newest: Newest = { '1m': [], '5m': [], '15m': [], '1h': [] };
  return compared(TRADING_SIGNALS, (first, end) => {
    const ns = cpuNs(() => {
      for (let i = first; i < end; i++) newest = update(closesAt(i));
    });
    return Promise.resolve({ ns, newest: { ...newest } });
  });
}

async function besideTalipp(): Promise<NotedResult> {
  let talipp: Talipp | undefined;
  try {
    const all = startTalipp(MARKET.map(({ closes }) => closes));
    talipp = all;
    return await compared(TALIPP, (first, end) => all.run(first, end));
  } catch (error) {
    if (talipp !== undefined) throw error;
    const why = error instanceof Error ? error.message : String(error);
    return { ...unmeasured(TALIPP), note: why };
  } finally {
    talipp?.stop();
  }
}

const unmeasured = ({ name }: Peer): Omit<NotedResult, 'note'> => ({
  name: `${FEATURE_NAMES.length} features, ${name}`,
  ours: NaN,
  theirs: NaN,
  unit: 'ns CPU/instant',
});

type Run = (first: number, end: number) => Promise<{ ns: number; newest: Newest }>;

async function compared(peer: Peer, run: Run): Promise<NotedResult> {
  const state = initialFeatureState();
  const seen = [ourRun(state, 0, WARM_UP_INSTANTS).values];
  const seenThere = [(await run(0, WARM_UP_INSTANTS)).newest];
  const [ours, theirs] = await inTurns(
    (round) => {
      const { ns, values } = ourRun(state, ...roundRange(round));
      seen.push(values);
      return ns / INSTANTS;
    },
    async (round) => {
      const { ns, newest } = await run(...roundRange(round));
      seenThere.push(newest);
      return ns / INSTANTS;
    },
  );
  checkEqual(peer, seen, seenThere);
  const covered = Object.values(peer.names).flat().length;
  const note = `it has ${covered} of them, ${covered - peer.different.size} equal within 1e-9`;
  return { ...unmeasured(peer), ours, theirs, note };
}

const closesAt = (instant: number): readonly ClosedCandle[] => MARKET[instant]!.closes;

function roundRange(round: number): [first: number, end: number] {
  const first = WARM_UP_INSTANTS + round * INSTANTS;
  return [first, first + INSTANTS];
}

function ourRun(state: FeatureState, first: number, end: number): { ns: number; values: Values } {
  let values: Values = [];
  const ns = cpuNs(() => {
    for (let i = first; i < end; i++) {
      const { closes, endTs } = MARKET[i]!;
      values = updateFeatures(state, closes, endTs);
    }
  });
  return { ns, values };
}

/**
 * Equal within 1e-9 of the value, or of the feature's usual size where the value is nearer to zero
 * than that: it is then the small difference of two large numbers, and has fewer digits than they.
 */
function checkEqual({ name, names, different }: Peer, ours: Values[], theirs: Newest[]): void {
  for (const { name: timeframe } of TIMEFRAMES) {
    for (const [place, feature] of names[timeframe].entries()) {
      if (different.has(feature)) continue;
      const values = ours.map((row) => row[FEATURE_NAMES.indexOf(feature)] ?? NaN);
      const usual = values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length;
      for (const [i, value] of values.entries()) {
        const their = theirs[i]?.[timeframe][place] ?? NaN;
        const isEqual = Math.abs(value - their) <= 1e-9 * Math.max(Math.abs(value), usual);
        assert(isEqual, `${feature} is ${value} here and ${their} in ${name}`);
      }
    }
  }
}

if (process.argv[1] === import.meta.filename) printResults(await benchFeatures());
