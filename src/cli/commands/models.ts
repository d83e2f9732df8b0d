/** `tickloom models …`: what was trained, what became of it, and why; changes by hand. */
import type { Command } from 'commander';
import { formatUs, US_PER_DAY } from '../../domain/time.ts';
import { instrumentKey } from '../../domain/wire.ts';
import type { GateVerdict } from '../../learning/gate.ts';
import { storedWatermarks } from '../../postgres/tables/stored-watermarks.ts';
import { outputFor, withContext } from '../support/context.ts';
import { noModel } from '../support/known.ts';
import { columns, show, type Columns } from '../support/table.ts';
import { modelChangeCommands } from './model-changes.ts';
import { modelMonitoringCommands } from './model-monitoring.ts';
import { modelVerdictCommand } from './model-verdict.ts';

interface ModelRow {
  readonly model_id: string;
  readonly venue: string;
  readonly symbol: string;
  readonly state: string;
  readonly trained_at: number;
  readonly verdict: GateVerdict | null;
  /** Null: it is no candidate. */
  readonly waits_because: string | null;
}

interface Aged extends ModelRow {
  /** Event time behind which it is not to be trusted; null: none. */
  readonly expires_ts: number | null;
  /** From its training to the newest tick of its instrument that is stored; null: none is. */
  readonly age_us: number | null;
}

export function modelsCommands(program: Command): void {
  const commands = program.command('models').description('list, show, import and change models');
  commands
    .command('list')
    .description('list models, newest first, with their age in event time')
    .action((_flags, command: Command) =>
      withContext('cli', async ({ postgres }) => {
        const { rows } = await postgres.query<Omit<Aged, 'age_us'>>(
          `SELECT model_id, venue, symbol, state, trained_at, verdict, waits_because,
             (manifest->>'expires_ts')::float8 AS expires_ts
           FROM models ORDER BY trained_at DESC, model_id`,
        );
        const reached = new Map(
          (await storedWatermarks(postgres)).map((of) => [instrumentKey(of), of.reachedTs]),
        );
        const models = rows.map((row): Aged => {
          const now = reached.get(instrumentKey(row));
          return { ...row, age_us: now === undefined ? null : now - row.trained_at };
        });
        const text = models.length === 0 ? 'none was trained yet' : columns(COLUMNS, models);
        outputFor(command).show(models, text);
      }),
    );
  commands
    .command('show')
    .argument('<id>')
    .description('show a model with every rule of its verdict')
    .action((id: string, _flags, command: Command) =>
      withContext('cli', async ({ postgres }) => {
        const { rows } = await postgres.query<
          ModelRow & { metrics: Record<string, { why?: string }> }
        >(
          `SELECT model_id, venue, symbol, state, trained_at, verdict, metrics, waits_because
           FROM models WHERE model_id = $1`,
          [id],
        );
        const [row] = rows;
        if (row === undefined) throw noModel(id);
        const reasons = (row.verdict?.reasons ?? []).map(
          ({ passed, rule, detail }) => `  ${passed ? 'holds ' : 'FAILS '} ${rule}: ${detail}`,
        );
        const because = row.waits_because ?? row.metrics[`live_${row.state}`]?.why ?? null;
        const state = because === null ? row.state : `${row.state}: ${because}`;
        const text = [`${id}: ${state}`, ...reasons].join('\n');
        outputFor(command).show(row, text);
      }),
    );
  modelChangeCommands(commands);
  modelMonitoringCommands(commands);
  modelVerdictCommand(commands);
}

const day = (us: number): string => formatUs(us).slice(0, 10);

const COLUMNS: Columns<Aged> = [
  ['trained', ({ trained_at: at }) => day(at)],
  ['days old', ({ age_us: age }) => show(age === null ? null : age / US_PER_DAY, 1)],
  ['expires', ({ expires_ts: at }) => (at === null ? '-' : day(at))],
  ['state', ({ state }) => state],
  ['model', ({ model_id: id }) => id],
  ['waits because', ({ waits_because: why }) => why ?? ''],
];
