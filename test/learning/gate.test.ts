import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { judge, type GateInput, type GateVerdict } from '../../src/learning/gate.ts';
import { logLosses } from '../../src/learning/metrics.ts';
import { gaussian, seededRandom } from '../../src/random.ts';

const MIN = 60_000_000;
const HORIZON_MIN = 60;

interface Market {
  readonly seed: number;
  readonly minutes: number;
  /** Drift a minute in volatilities, known to the candidate. */
  readonly edge: number;
  /** How sure the candidate is on either side of one half. */
  readonly sureness: number;
  readonly persistence: number;
}

/** Decisions each minute whose hour-long outcomes overlap; champion and candidate of equal make. */
function drawInput({ seed, minutes, edge, sureness, persistence }: Market): GateInput {
  const random = seededRandom(seed);
  const own = views(random, minutes, persistence);
  const champion = views(random, minutes, persistence);
  const log = new Float64Array(minutes + HORIZON_MIN);
  for (let i = 1; i < log.length; i++) {
    log[i] = log[i - 1]! + edge * Math.sign(own[i - 1] ?? 0) + gaussian(random);
  }
  const up = own.map((_, i) => (log[i + HORIZON_MIN]! > log[i]! ? 1 : 0));
  const probability = (view: number): number => 0.5 + sureness * Math.tanh(view);
  const base = logLosses(
    up,
    up.map(() => 0.5),
  );
  return {
    decidedTs: Array.from(up, (_, i) => i * MIN),
    horizonUs: HORIZON_MIN * MIN,
    loss: 'log_loss',
    candidate: logLosses(up, own.map(probability)),
    references: [
      { name: 'champion', losses: logLosses(up, champion.map(probability)) },
      { name: 'base_rate', losses: base },
    ],
    replayParity: true,
    seed,
    settings: { resamples: 400 },
  };
}

function views(random: () => number, count: number, minutes: number): Float64Array {
  const keep = Math.exp(-1 / minutes);
  let view = gaussian(random);
  return Float64Array.from({ length: count }, () => {
    view = keep * view + Math.sqrt(1 - keep * keep) * gaussian(random);
    return view;
  });
}

const rule = (verdict: GateVerdict, name: string) =>
  verdict.reasons.find((reason) => reason.rule === name)!;

const STRONG = { seed: 1, minutes: 4320, edge: 0.3, sureness: 0.2, persistence: 300 };

describe('the gate', () => {
  test('passes a candidate that knows the drift, and shows every rule', () => {
    const verdict = judge(drawInput(STRONG));
    expect(verdict.passed).toBe(true);
    expect(verdict.reasons.map((reason) => reason.rule)).toEqual([
      'replay_parity',
      'minimum_rows',
      'minimum_horizons',
      'beats_champion_by_margin',
      'beats_champion_beyond_chance',
      'beats_base_rate_by_margin',
      'beats_base_rate_beyond_chance',
    ]);
    for (const { detail, value, threshold } of verdict.reasons) {
      expect(detail).not.toBe('');
      expect([value, threshold].every(Number.isFinite)).toBe(true);
    }
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
  });

  test('says the same for the same seed', () => {
    expect(judge(drawInput(STRONG))).toEqual(judge(drawInput(STRONG)));
  });

  test('refuses without replay parity, naming it alone', () => {
    const { passed, reasons } = judge({ ...drawInput(STRONG), replayParity: false });
    expect(passed).toBe(false);
    expect(reasons.filter((reason) => !reason.passed).map((reason) => reason.rule)).toEqual([
      'replay_parity',
    ]);
  });

  test('refuses few rows and few horizons with their numbers', () => {
    const verdict = judge(drawInput({ ...STRONG, minutes: 480 }));
    expect(rule(verdict, 'minimum_rows')).toMatchObject({ passed: false, value: 480 });
    expect(rule(verdict, 'minimum_horizons')).toMatchObject({ passed: false, value: 8 });
    expect(verdict.passed).toBe(false);
  });

  test('refuses nothing at all', () => {
    const empty = judge({
      ...drawInput(STRONG),
      decidedTs: [],
      candidate: [],
      references: [{ name: 'champion', losses: [] }],
    });
    expect(empty.passed).toBe(false);
    expect(empty.reasons.every(({ value }) => Number.isFinite(value))).toBe(true);
  });

  test('refuses a candidate that says what the champion says, rounding aside', () => {
    const input = drawInput(STRONG);
    const losses = Float64Array.from(input.candidate, (loss) => loss * (1 + 1e-15));
    const verdict = judge({ ...input, references: [{ name: 'champion', losses }] });
    expect(rule(verdict, 'beats_champion_by_margin').passed).toBe(false);
    expect(rule(verdict, 'beats_champion_beyond_chance').value).toBe(1);
  });

  test('asks for the margin also of what is beyond chance', () => {
    const input = drawInput(STRONG);
    const verdict = judge({ ...input, settings: { resamples: 400, marginShare: 0.5 } });
    expect(rule(verdict, 'beats_champion_beyond_chance').passed).toBe(true);
    expect(rule(verdict, 'beats_champion_by_margin').passed).toBe(false);
    expect(verdict.passed).toBe(false);
  });

  test('does not take one lucky day for many', () => {
    const input = drawInput({ ...STRONG, edge: 0, sureness: 0 });
    // Better by far within three hours of three days, and equal elsewhere.
    const candidate = Float64Array.from(input.candidate, (loss, i) => (i < 180 ? 0.1 : loss));
    const verdict = judge({ ...input, candidate });
    expect(rule(verdict, 'beats_base_rate_by_margin').passed).toBe(true);
    expect(rule(verdict, 'beats_base_rate_beyond_chance').passed).toBe(false);
  });

  test('refuses rows out of order and losses that cannot be paired', () => {
    const input = drawInput({ ...STRONG, minutes: 100 });
    const decidedTs = Array.from(input.decidedTs).reverse();
    expect(() => judge({ ...input, decidedTs })).toThrow('was decided before');
    expect(() => judge({ ...input, candidate: [1] })).toThrow('1 losses, 100 rows');
  });
});

const oracle = JSON.parse(
  readFileSync(new URL('../oracle/learning/gate.json', import.meta.url), 'utf8'),
) as { cases: { name: string; gains: number[]; rows: number[]; p_value: number }[] };

describe('the p-value of the gate', () => {
  test.each(oracle.cases)('equals that of another program: $name', ({ gains, rows, p_value }) => {
    // Blocks of two hours: the rows lie within their first minutes.
    const spread = gains.flatMap((gain, block) =>
      Array.from({ length: rows[block]! }, (_, i) => ({ at: block * 120 + i, gain })),
    );
    const verdict = judge({
      decidedTs: spread.map(({ at }) => at * MIN),
      horizonUs: HORIZON_MIN * MIN,
      loss: 'log_loss',
      candidate: spread.map(({ gain }) => 0.7 - gain),
      references: [{ name: 'champion', losses: spread.map(() => 0.7) }],
      replayParity: true,
      seed: 1,
      settings: { resamples: 40_000 },
    });
    // Three standard errors of 40 000 resamples at one half.
    const { value } = rule(verdict, 'beats_champion_beyond_chance');
    expect(Math.abs(value - p_value)).toBeLessThan(0.0075);
  });
});

describe('candidates that know nothing, against a champion that knows as little', () => {
  // The hardest null: the mean gain over the champion is exactly 0. Fixed seeds.
  test.each([
    { minutes: 1440, persistence: 60, sureness: 0.1 },
    { minutes: 1440, persistence: 600, sureness: 0.02 },
    { minutes: 4320, persistence: 300, sureness: 0.05 },
  ])('pass at most 5 times in a hundred: $minutes minutes, views of $persistence', (market) => {
    const markets = 200;
    let beyondChance = 0;
    let passed = 0;
    for (let seed = 0; seed < markets; seed++) {
      const verdict = judge(drawInput({ ...market, edge: 0, seed }));
      beyondChance += rule(verdict, 'beats_champion_beyond_chance').passed ? 1 : 0;
      passed += verdict.passed ? 1 : 0;
    }
    expect(beyondChance / markets).toBeLessThanOrEqual(0.05);
    expect(passed).toBeLessThanOrEqual(beyondChance);
    // The test is not dead either: about one in forty is expected.
    expect(beyondChance).toBeGreaterThan(0);
  });
});
