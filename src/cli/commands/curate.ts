/**
 * `tickloom curate summary | model | trades | describe | months | reports | export | clean`: what
 * there is to learn from, how models and trades do, and what is kept of it.
 */
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { Option, type Command } from 'commander';
import { RequestError } from '../../../pipelines/dataset/request.ts';
import type { DatasetManifest } from '../../../pipelines/dataset/definition.ts';
import { makeDataset } from '../../../pipelines/dataset/make.ts';
import { wholeFile } from '../../../pipelines/dataset/whole.ts';
import { formatUs, US_PER_DAY } from '../../domain/time.ts';
import { instrumentKey } from '../../domain/wire.ts';
import {
  drop,
  expiredNow,
  KEEPS_ALL,
  partitionPath,
  parseAges,
} from '../../../pipelines/retention/job.ts';
import { DROPS_NAMED } from '../../../pipelines/retention/named-ranges.ts';
import type { Context } from '../../runtime/context.ts';
import { changeSetting, writeSetting } from '../../postgres/tables/settings.ts';
import { storedWatermarks } from '../../postgres/tables/stored-watermarks.ts';
import { MARKET_TABLES } from '../../questdb/tables/schema.ts';
import { storedInstruments } from '../../questdb/tables/stored-ticks.ts';
import { CommandError, instrumentOption, outputFor, withContext } from '../support/context.ts';
import { emptyPlace } from '../support/empty-place.ts';
import { notStored } from '../support/known.ts';
import { curateTables } from './curate-tables.ts';
import { curateViews } from './curate-views.ts';
import { makeFolder } from '../../make-folder.ts';

export function curateCommands(program: Command): void {
  const curate = program
    .command('curate')
    .description('look at samples, models, trades and reports; export and clean up');
  curateViews(curate);
  curateTables(curate);
  curate
    .command('export')
    .description('export decisions with features and outcomes as one CSV file')
    .requiredOption('--csv <file>', 'a file that is not there yet')
    .option('--symbol <key>', 'venue:symbol (default: every instrument)')
    .option('--from <time>', 'UTC; all that is stored if left out')
    .option('--to <time>', 'UTC')
    .option('--as-of <time>', 'what was known then (default: now, behind an as-of barrier)')
    .action(exportCsv);
  curate
    .command('clean')
    .description('delete what is past its age and not needed, as the daily job does')
    .addOption(
      new Option(
        '--keep <table=age,…>',
        `ages to be set first, such as ticks=90d, of ${MARKET_TABLES.join(', ')}`,
      ),
    )
    .option('--dry-run', 'only show what would be dropped; no age is set')
    .option(
      '--include-named',
      'from now on drop also what data sets name, and the sample (--no-include-named: keep them)',
    )
    .addOption(new Option('--no-include-named').hideHelp())
    .action(clean);
}

interface ExportFlags {
  readonly csv: string;
  readonly symbol?: string;
  readonly from?: string;
  readonly to?: string;
  readonly asOf?: string;
}

async function exportCsv(flags: ExportFlags, command: Command): Promise<void> {
  const output = outputFor(command);
  const { symbol } = flags;
  if (symbol !== undefined) instrumentOption(symbol);
  const file = emptyPlace(flags.csv);
  await withContext('cli', async (context) => {
    const markets = (await storedInstruments(context.questdbReader())).filter(
      (each) => symbol === undefined || instrumentKey(each) === symbol,
    );
    if (markets.length === 0) throw notStored(symbol, await knownKeys(context));
    const request = {
      from: flags.from ?? formatUs(Math.min(...markets.map(({ from_ts }) => from_ts))),
      to: flags.to ?? formatUs(Math.max(...markets.map(({ to_ts }) => to_ts)) + US_PER_DAY),
      ...(flags.asOf === undefined ? {} : { as_of: flags.asOf }),
      symbols: markets.map(instrumentKey),
    };
    await makeFolder(dirname(file));
    const aside = await mkdtemp(`${file}.part-`);
    try {
      const out = join(aside, 'set');
      const made = await makeDataset(context, request, {
        out,
        entities: null,
        onProgress: output.notify,
      });
      const { dataset_id, rows, rows_in, excluded } = made;
      if (rows === 0) throw new CommandError(nothingToWrite(made));
      await rename(await wholeFile(made, out, aside, 'csv'), file);
      const text = `${rows} of ${rows_in} decisions in ${flags.csv}; as a set it is ${dataset_id}`;
      output.show({ dataset_id, rows, rows_in, excluded, file }, text);
    } catch (error) {
      throw error instanceof RequestError ? new CommandError(error.message, 2) : error;
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
  });
}

function nothingToWrite({ rows_in: rowsIn, excluded, as_of }: DatasetManifest): string {
  const left = Object.entries(excluded).map(([reason, n]) => `${n} ${reason}`);
  const why = left.length === 0 ? '' : ` (${left.join(', ')})`;
  return `of ${rowsIn} decisions known at ${as_of} none is finished${why}: nothing is written`;
}

const knownKeys = async ({ postgres }: Context): Promise<string[]> =>
  (await storedWatermarks(postgres)).map(instrumentKey);

interface CleanFlags {
  readonly keep?: string;
  readonly dryRun?: boolean;
  readonly includeNamed?: boolean;
}

async function clean(flags: CleanFlags, command: Command): Promise<void> {
  const output = outputFor(command);
  const keep = agesOption(flags.keep);
  await withContext('cli', async (context) => {
    const { postgres } = context;
    const isDry = flags.dryRun === true;
    if (!isDry && Object.keys(keep).length > 0) {
      await changeSetting(postgres, 'retention', keep, `os:${userInfo().username}`);
    }
    if (!isDry && flags.includeNamed !== undefined) {
      await writeSetting(postgres, DROPS_NAMED, flags.includeNamed);
    }
    const { ages, expired } = await expiredNow(context, isDry ? keep : {});
    if (!isDry) await drop(context.questdbReader(), expired);
    const names = expired.map(partitionPath);
    const set = Object.entries(ages).map(([table, age]) => `${table} ${age}`);
    const done = isDry ? 'would be dropped' : 'dropped';
    const text =
      set.length === 0
        ? `${KEEPS_ALL}; --keep ticks=90d,quotes=90d sets some`
        : [...names, `${names.length} partitions ${done}; ages: ${set.join(', ')}`].join('\n');
    output.show({ ages, dropped: isDry ? [] : names, expired: names }, text);
  });
}

function agesOption(text: string | undefined): Record<string, string> {
  if (text === undefined) return {};
  try {
    return parseAges(text);
  } catch (error) {
    throw new CommandError(`--keep ${text}: ${(error as Error).message}`, 2);
  }
}
