/** `tickloom quality release`: ticks that were set apart as future are fed again. */
import type { Command } from 'commander';
import { formatUs } from '../../domain/time.ts';
import { parseInstrumentKey } from '../../domain/wire.ts';
import { releaseFuture } from '../../app/release-future.ts';
import { instrumentOption, outputFor, withContext } from '../support/context.ts';
import { refuseUnstored } from '../support/known.ts';

interface ReleaseFlags {
  readonly symbol?: string;
  readonly dryRun?: boolean;
}

export function qualityCommands(program: Command): void {
  program
    .command('quality')
    .description('handle ticks that were set apart')
    .command('release')
    .description('feed ticks again that were set apart as ahead of the clock')
    .option('--symbol <key>', 'of one instrument, venue:symbol')
    .option('--dry-run', 'only show how many there are')
    .action(release);
}

async function release(flags: ReleaseFlags, command: Command): Promise<void> {
  if (flags.symbol !== undefined) instrumentOption(flags.symbol);
  const output = outputFor(command);
  await withContext('cli', async (context) => {
    const result = await releaseFuture(context, {
      instrument: flags.symbol === undefined ? null : parseInstrumentKey(flags.symbol),
      isDry: flags.dryRun === true,
      notify: output.notify,
    });
    const { released, ahead, missing, nextTs } = result;
    if (released + ahead + missing === 0) await refuseUnstored(context, flags.symbol);
    const lines = [
      `${released} ticks ${flags.dryRun === true ? 'would be fed' : 'were fed'} again; those that ` +
        'were there already are recognised',
    ];
    if (ahead > 0) {
      const next = nextTs === null ? '' : `, the first at ${formatUs(nextTs)}`;
      lines.push(`${ahead} still lie ahead of the clock and wait${next}`);
    }
    if (missing > 0) lines.push(`${missing} are in the log no more`);
    output.show(result, lines.join('\n'));
  });
}
