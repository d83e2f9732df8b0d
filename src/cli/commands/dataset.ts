/** `tickloom dataset build | list | show`: training sets. */
import type { Command } from 'commander';
import { nowUs } from '../../clock.ts';
import { buildDataset } from '../../datasets/build.ts';
import { toDataFrame } from '../../datasets/frame.ts';
import { parseUs } from '../../domain/time.ts';
import { instrumentOf } from '../../domain/wire.ts';
import { storedInstruments } from '../../tables/questdb/stored-ticks.ts';
import type { SqlReader } from '../../tables/questdb/table.ts';
import { CommandError, outputOf, withContext } from '../context.ts';

interface BuildFlags {
  readonly label?: string;
  readonly from: string;
  readonly to: string;
  readonly asOf?: string;
  readonly symbols?: string;
  readonly out: string;
}

export function datasetCommands(program: Command): void {
  const dataset = program.command('dataset').description('training sets');
  dataset
    .command('build')
    .description('features joined with labels as known at a moment, as Parquet')
    .option('--label <spec>', 'label spec (default: the one that is predicted)')
    .requiredOption('--from <time>', 'RFC 3339 or a UTC date')
    .requiredOption('--to <time>', 'RFC 3339 or a UTC date')
    .option('--as-of <time>', 'what was known then (default: now)')
    .option('--symbols <keys>', 'venue:symbol,… (default: all)')
    .requiredOption('--out <dir>', 'a directory that is not there yet')
    .action(build);
  dataset
    .command('list')
    .description('sets that were built or trained on')
    .action((_flags, command: Command) =>
      withContext('cli', async ({ postgres }) => {
        const { rows } = await postgres.query<{ dataset_id: string; rows: number }>(
          `SELECT dataset_id, rows, path, created_at FROM datasets ORDER BY created_at`,
        );
        const text = rows.map((row) => `${row.dataset_id}  ${row.rows} rows`).join('\n');
        outputOf(command.optsWithGlobals()['json'] === true).show(rows, text);
      }),
    );
  dataset
    .command('show')
    .argument('<id>')
    .description("a set's definition, counts and exclusions")
    .action((id: string, _flags, command: Command) =>
      withContext('cli', async ({ postgres }) => {
        const { rows } = await postgres.query<{ manifest: Record<string, unknown> }>(
          'SELECT manifest FROM datasets WHERE dataset_id = $1',
          [id],
        );
        const [row] = rows;
        if (row === undefined) throw new CommandError(`there is no data set "${id}"`);
        const excluded = (row.manifest['excluded'] ?? {}) as Record<string, number>;
        const table = Object.entries(excluded).map(([reason, n]) => ({ reason, rows: n }));
        if (command.optsWithGlobals()['json'] === true || table.length === 0) {
          console.log(JSON.stringify(row.manifest, null, 2));
          return;
        }
        console.log(`${id}: ${String(row.manifest['rows'])} rows; left out:`);
        (await toDataFrame(table)).print();
      }),
    );
}

async function build(flags: BuildFlags, command: Command): Promise<void> {
  const output = outputOf(command.optsWithGlobals()['json'] === true);
  await withContext('cli', async ({ config, postgres, questdbReader }) => {
    const reader = questdbReader();
    const manifest = await buildDataset(reader, {
      instruments: await instrumentsOf(reader, flags.symbols),
      labelSpec: flags.label ?? `direction_${config.horizon}@1`,
      fromUs: timeOf('from', flags.from),
      toUs: timeOf('to', flags.to),
      asOfUs: flags.asOf === undefined ? nowUs() : timeOf('as-of', flags.asOf),
      out: flags.out,
      onProgress: output.say,
    });
    await postgres.query(
      `INSERT INTO datasets (dataset_id, sha256, rows, manifest, path) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT DO NOTHING`,
      [manifest.dataset_id, manifest.dataset_id.slice(3), manifest.rows, manifest, flags.out],
    );
    const left = Object.entries(manifest.excluded).map(([reason, n]) => `${n} ${reason}`);
    const { dataset_id, rows, rows_in } = manifest;
    const text = `${dataset_id}: ${rows} of ${rows_in} rows in ${flags.out}`;
    output.show(manifest, left.length === 0 ? text : `${text}; left out: ${left.join(', ')}`);
  });
}

async function instrumentsOf(reader: SqlReader, keys: string | undefined) {
  const stored = await storedInstruments(reader);
  if (keys === undefined) return stored.map(({ venue, symbol }) => ({ venue, symbol }));
  return keys.split(',').map((key) => {
    const instrument = instrumentOf(key);
    if (instrument === null) throw new CommandError(`"${key}" is not of the form venue:symbol`, 2);
    return instrument;
  });
}

function timeOf(name: string, text: string): number {
  try {
    return parseUs(text);
  } catch (error) {
    throw new CommandError(`--${name}: ${(error as Error).message}`, 2);
  }
}
