/**
 * `tickloom replay`: features again from the stored ticks, into a file, or compared with what was
 * served. It only reads; the flow may run meanwhile.
 */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { extname } from 'node:path';
import type { Command } from 'commander';
import type { FeatureVector } from '../../../pipelines/quality/replay.ts';
import { formatUs } from '../../domain/time.ts';
import { instrumentKey } from '../../domain/wire.ts';
import { FEATURE_NAMES } from '../../features/definition.ts';
import {
  replayRange,
  type Compared,
  type ReplayReport,
} from '../../../pipelines/quality/replay-check.ts';
import type { Context } from '../../runtime/context.ts';
import { storedWatermarks } from '../../postgres/tables/stored-watermarks.ts';
import {
  CommandError,
  isInstrument,
  namesIn,
  outputFor,
  repeated,
  timeOption,
  withContext,
} from '../support/context.ts';
import { notStored } from '../support/known.ts';

interface Flags {
  readonly from?: string;
  readonly to?: string;
  readonly symbols?: readonly string[];
  readonly check?: boolean;
  readonly out?: string;
}

const TELL = 3;

export function replayCommands(program: Command): void {
  program
    .command('replay')
    .description('compute features again from stored ticks; --check compares with what was served')
    .option('--from <time>', 'RFC 3339 or a UTC date (default: the first stored tick)')
    .option('--to <time>', 'and before then (default: all that is stored)')
    .option('--symbols <keys>', 'venue:symbol,… or several times (default: all)', repeated)
    .option(
      '--check',
      'served features, their clocks and labels row by row; exit 1 where any differs',
    )
    .option('--out <file>', 'the features, as .csv or .ndjson')
    .action(run);
}

async function run(flags: Flags, command: Command): Promise<void> {
  const output = outputFor(command);
  const fromUs = timeOption('--from', flags.from) ?? 0;
  const toUs = timeOption('--to', flags.to) ?? Number.MAX_SAFE_INTEGER;
  if (fromUs >= toUs) throw new CommandError('--from is not before --to', 2);
  await withContext('cli', async (context) => {
    const instruments = await requestedInstruments(context, namesIn(flags.symbols, isInstrument));
    const file = flags.out === undefined ? null : openFile(flags.out);
    const reports: ReplayReport[] = [];
    for (const instrument of instruments) {
      const key = instrumentKey(instrument);
      const report = await replayRange(context, instrument, {
        fromUs,
        toUs,
        check: flags.check === true,
        onProgress: output.notify,
        ...(file === null ? {} : { onVector: (vector) => file.add(key, vector) }),
      });
      reports.push(report);
    }
    await file?.end();
    output.show(reports, reports.map((one) => formatReport(one, flags.check === true)).join('\n'));
    const bad = reports.filter((report) => flags.check === true && !holds(report));
    if (bad.length > 0) {
      throw new CommandError(`${bad.length} of ${reports.length} instruments differ`);
    }
  });
}

async function requestedInstruments({ postgres }: Context, symbols: readonly string[] | undefined) {
  const stored = await storedWatermarks(postgres);
  const known = stored.map(instrumentKey);
  const strange = symbols?.find((key) => !known.includes(key));
  if (strange !== undefined || stored.length === 0) {
    throw notStored(strange, known);
  }
  return stored.filter((one) => symbols === undefined || symbols.includes(instrumentKey(one)));
}

function openFile(path: string) {
  const isCsv = extname(path) === '.csv';
  if (!isCsv && extname(path) !== '.ndjson') {
    throw new CommandError(`--out ${path}: .csv or .ndjson`, 2);
  }
  const stream = createWriteStream(path);
  if (isCsv) stream.write(`ts,venue,symbol,${FEATURE_NAMES.join()}\n`);
  return {
    add: (key: string, { ts, values }: FeatureVector): void => {
      const cut = key.indexOf(':');
      const [venue, symbol] = [key.slice(0, cut), key.slice(cut + 1)];
      if (isCsv) {
        stream.write(`${[formatUs(ts), quoted(venue), quoted(symbol), ...values].join()}\n`);
        return;
      }
      const named = Object.fromEntries(FEATURE_NAMES.map((name, i) => [name, values[i] ?? null]));
      stream.write(`${JSON.stringify({ ts: formatUs(ts), venue, symbol, ...named })}\n`);
    },
    end: async (): Promise<void> => {
      stream.end();
      await once(stream, 'close');
    },
  };
}

const quoted = (text: string): string =>
  /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

const isEqual = ({ missing, extra, mismatches }: Compared): boolean =>
  missing === 0 && extra === 0 && Object.keys(mismatches).length === 0;

const holds = ({ features, labels, tooEarly, notComparable }: ReplayReport): boolean =>
  notComparable === null && isEqual(features) && isEqual(labels) && tooEarly.length === 0;

function formatReport(report: ReplayReport, isChecked: boolean): string {
  const { instrument, recomputed, imported, features, labels, tooEarly } = report;
  const { notComparable } = report;
  if (!isChecked) return `${instrument}: ${recomputed} feature rows`;
  const early = tooEarly
    .slice(0, TELL)
    .map(({ ts, knownAt, possibleAt }) => {
      const possible = possibleAt === null ? 'never' : `not before ${formatUs(possibleAt)}`;
      return `\n  the row of ${formatUs(ts)} says known at ${formatUs(knownAt)}, ${possible}`;
    })
    .join('');
  return [
    `${instrument}: ${recomputed} feature rows`,
    notComparable === null
      ? `  features ${comparedText(features)}`
      : `  features not compared: ${notComparable}`,
    `  clocks: ${tooEarly.length} rows known too early${early}`,
    `  labels ${comparedText(labels)}`,
    ...(imported === 0 ? [] : [`  ${imported} rows of imported history are not compared`]),
  ].join('\n');
}

function comparedText(compared: Compared): string {
  const { checked, missing, extra, mismatches, first } = compared;
  if (isEqual(compared)) return `equal bit for bit: ${checked} rows`;
  const names = Object.entries(mismatches)
    .map(([name, rows]) => `${name} in ${rows}`)
    .join(', ');
  const where =
    first === null
      ? ''
      : `\n  first at ${formatUs(first.ts)}: ${first.name} was ${String(first.served)}, ` +
        `is ${String(first.again)}`;
  const counts = `${missing} not served, ${extra} served and not made again`;
  return `DIFFER: ${checked} rows compared, ${counts}${names === '' ? '' : `; ${names}`}${where}`;
}
