/** PostgreSQL and QuestDB -> what the jobs still have to do, one line each; empty: nothing. */
import type { Pool } from 'pg';
import { formatUs } from '../domain/time.ts';
import { openRuns } from '../postgres/tables/job-runs.ts';
import { ungradedSignals, waiting } from '../postgres/tables/signal-outcomes.ts';
import type { LabelBacklog, MaturitySettings } from '../questdb/tables/pending-labels.ts';

export async function openWork(
  postgres: Pool,
  backlog: LabelBacklog,
  settings: MaturitySettings,
): Promise<string[]> {
  const open: string[] = [];
  const { rows } = await postgres.query<{ controls: number }>(
    `SELECT count(*) AS controls FROM control_outbox WHERE state = 'due'`,
  );
  const controls = rows[0]?.controls ?? 0;
  if (controls > 0) open.push(`${controls} control records wait to be sent`);
  for (const { job, subject, due_ts, state } of await openRuns(postgres)) {
    open.push(`${job} of ${subject} due at ${formatUs(due_ts)} is ${state}`);
  }
  for (const { venue, symbol, label_spec, pending } of await backlog.pending()) {
    open.push(`${pending} decisions of ${venue}:${symbol} wait for ${label_spec}`);
  }
  open.push(...(await ungradedSignals(postgres, settings)).map(waiting));
  return open;
}
