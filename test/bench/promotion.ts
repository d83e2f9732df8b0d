/**
 * Which way of promoting models is to be trusted? Simulated market-years in which it is known what
 * each model is truly worth; policies side by side over the same markets and the same models.
 *
 *   npm run benchmark:promotion
 *   npm run benchmark:promotion -- --years 1000 --json results.json
 *
 * Prints tables in Markdown. `docs/promotion-benchmark.md` says what they mean, and
 * `test/bench/promotion/policy.ts` how to add a policy.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measure } from './promotion/measures.ts';
import { POLICIES } from './promotion/policies/all.ts';
import type { Policy } from './promotion/policy.ts';
import { measurePower, type Power } from './promotion/power.ts';
import { Progress } from './promotion/progress.ts';
import { GAINS, type Scenario } from './promotion/scenario.ts';
import { simulate, type InstrumentOutcome } from './promotion/simulate.ts';
import { mixTable, nullTable, powerTable, type Column } from './promotion/tables.ts';

const HELP = `npm run benchmark:promotion -- [options]

  --years N          market-years of each installation size (20: about a minute)
  --instruments A,B  instruments of an installation (1,10)
  --policies A,B     of ${POLICIES.map(({ name }) => name).join(', ')}
                     (latest,gate,daily,evidence)
  --parts A,B        of mix, nulls, power (all)
  --every DAYS       a model is trained every so many days (2)
  --real SHARE       so many of them have learnt something (0.25)
  --holdout DAYS     days on which the gate judges (4)
  --expires DAYS     days until a model expires (30, as shipped)
  --seed N           (1)
  --json FILE        writes all figures there
`;

const { values } = parseArgs({
  options: {
    years: { type: 'string', default: '20' },
    instruments: { type: 'string', default: '1,10' },
    policies: { type: 'string', default: 'latest,gate,daily,evidence' },
    parts: { type: 'string', default: 'mix,nulls,power' },
    every: { type: 'string', default: '2' },
    real: { type: 'string', default: '0.25' },
    holdout: { type: 'string', default: '4' },
    expires: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const PARTS = ['mix', 'nulls', 'power'] as const;
const NULLS = { equal: 'equal to the champion', zero: 'equal to the class prior' } as const;
/** Days that a gain is looked for, in the order of `GAINS`. */
const POWER_DAYS = [30, 30, 60, 120, 400, 800];
const MOST_POWER_RUNS = 200;

/** What was asked for cannot be done; the message says why. */
class BadOption extends Error {}

type NumberOption = 'years' | 'every' | 'real' | 'holdout' | 'expires' | 'seed';

/** A whole number of the command line, at least `least`; of `--real` any share. */
function readNumber(name: NumberOption, least = 1): number {
  const value = Number(values[name]);
  const fits = name === 'real' ? value <= 1 : Number.isSafeInteger(value);
  if (fits && value >= least) return value;
  const wanted = name === 'real' ? 'a share from 0 to 1' : `a whole number from ${least} on`;
  throw new BadOption(`--${name} ${values[name]}: ${wanted} is needed`);
}

const splitList = (text: string): string[] => text.split(',').map((word) => word.trim());

/** Instruments of the installations that are to be simulated. */
function readSizes(text: string): number[] {
  const sizes = splitList(text).map(Number);
  if (sizes.every((size) => Number.isSafeInteger(size) && size >= 1)) return sizes;
  throw new BadOption(`--instruments ${text}: whole numbers from 1 on are needed`);
}

function oneOf<T extends string>(text: string, known: readonly T[]): T {
  const found = known.find((name) => name === text);
  if (found === undefined) throw new BadOption(`"${text}" is none of ${known.join(', ')}`);
  return found;
}

function main(): void {
  if (values.help) {
    console.log(HELP);
    return;
  }
  const years = readNumber('years');
  const parts = new Set(splitList(values.parts).map((part) => oneOf(part, PARTS)));
  const names = POLICIES.map(({ name }) => name);
  const policies = splitList(values.policies).map(
    (text) => POLICIES[names.indexOf(oneOf(text, names))]!,
  );
  const cpu = `${cpus().length} cores (${cpus()[0]?.model.trim()}), Node ${process.version}`;
  console.log(`${process.argv.slice(2).join(' ') || 'no options'}; ${cpu}\n`);
  const report: Record<string, unknown> = { settings: values, machine: cpu };
  if (parts.has('mix')) report['mix'] = mixes(policies, years);
  if (parts.has('nulls')) report['nulls'] = nulls(policies, Math.ceil(years / 2));
  if (parts.has('power')) report['power'] = powers(years);
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(report, null, 1));
}

const buildScenario = (more: Pick<Scenario, 'instruments' | 'candidates'>): Scenario => ({
  days: 365,
  every: readNumber('every'),
  real: readNumber('real', 0),
  holdoutDays: readNumber('holdout'),
  expiryDays: readNumber('expires'),
  ...more,
});

function mixes(policies: readonly Policy[], years: number): Record<string, readonly Column[]> {
  const tables: Record<string, readonly Column[]> = {};
  for (const instruments of readSizes(values.instruments)) {
    const title = `installations of ${instruments} instrument${instruments === 1 ? '' : 's'}`;
    const scenario = buildScenario({ instruments, candidates: 'mixed' });
    const columns = compared(title, scenario, policies, years);
    console.log(`**${title}, ${columns[0]?.measures.years} market-years**\n`);
    console.log(`${mixTable(columns)}\n`);
    tables[instruments] = columns;
  }
  return tables;
}

function nulls(policies: readonly Policy[], years: number): Record<string, readonly Column[]> {
  const tables: Record<string, readonly Column[]> = {};
  for (const candidates of ['equal', 'zero'] as const) {
    const title = `all candidates ${NULLS[candidates]}`;
    const scenario = buildScenario({ instruments: 1, candidates });
    const columns = compared(title, scenario, policies, years);
    console.log(`**${title}, ${columns[0]?.measures.years} market-years**\n`);
    console.log(`${nullTable(columns)}\n`);
    tables[candidates] = columns;
  }
  return tables;
}

function compared(
  title: string,
  scenario: Scenario,
  policies: readonly Policy[],
  years: number,
): Column[] {
  const { instruments } = scenario;
  const outcomes: InstrumentOutcome[][][] = policies.map(() => []);
  const progress = new Progress(`${title}, market-years`, years);
  for (let done = 0; done < years; done += instruments) {
    const made = simulate(scenario, policies, readNumber('seed', 0), done);
    for (const [i, ofPolicy] of made.entries()) outcomes[i]!.push(ofPolicy);
    progress.add(instruments);
  }
  return policies.map((policy, i) => ({
    title: policy.title,
    measures: measure(outcomes[i]!, GAINS),
  }));
}

function powers(years: number): readonly Power[] {
  const runs = Math.min(MOST_POWER_RUNS, years);
  const progress = new Progress('power, gains', GAINS.length);
  const found = GAINS.map((gain, i) => {
    const power = measurePower(gain, POWER_DAYS[i]!, runs, readNumber('seed', 0));
    progress.add(1);
    return power;
  });
  console.log(`**one model that is better, ${runs} times**\n\n${powerTable(found)}\n`);
  return found;
}

try {
  main();
} catch (error) {
  if (!(error instanceof BadOption)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
