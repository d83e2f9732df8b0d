/** `tickloom models …`: what was trained, what became of it, and why; changes by hand. */
import type { Command } from 'commander';
import { formatUs } from '../../domain/time.ts';
import type { GateVerdict } from '../../learning/gate.ts';
import { CommandError, outputOf, withContext } from '../context.ts';
import { modelChangeCommands } from './model-changes.ts';
import { modelMonitoringCommands } from './model-monitoring.ts';

interface ModelRow {
  readonly model_id: string;
  readonly venue: string;
  readonly symbol: string;
  readonly state: string;
  readonly trained_at: number;
  readonly verdict: GateVerdict | null;
}

export function modelsCommands(program: Command): void {
  const models = program.command('models').description('trained models and their verdicts');
  models
    .command('list')
    .description('all models, newest first')
    .action((_flags, command: Command) =>
      withContext('cli', async ({ postgres }) => {
        const { rows } = await postgres.query<ModelRow>(
          `SELECT model_id, venue, symbol, state, trained_at, verdict FROM models
           ORDER BY trained_at DESC, model_id`,
        );
        const lines = rows.map(
          (row) =>
            `${formatUs(row.trained_at).slice(0, 10)}  ${row.state.padEnd(9)} ${row.model_id}`,
        );
        outputOf(command.optsWithGlobals()['json'] === true).show(rows, lines.join('\n'));
      }),
    );
  models
    .command('show')
    .argument('<id>')
    .description('one model with every rule of its verdict')
    .action((id: string, _flags, command: Command) =>
      withContext('cli', async ({ postgres }) => {
        const { rows } = await postgres.query<ModelRow & { metrics: unknown }>(
          `SELECT model_id, venue, symbol, state, trained_at, verdict, metrics FROM models
           WHERE model_id = $1`,
          [id],
        );
        const [row] = rows;
        if (row === undefined) throw new CommandError(`there is no model "${id}"`);
        const reasons = (row.verdict?.reasons ?? []).map(
          ({ passed, rule, detail }) => `  ${passed ? 'holds ' : 'FAILS '} ${rule}: ${detail}`,
        );
        const text = [`${id}: ${row.state}`, ...reasons].join('\n');
        outputOf(command.optsWithGlobals()['json'] === true).show(row, text);
      }),
    );
  modelChangeCommands(models);
  modelMonitoringCommands(models);
}
