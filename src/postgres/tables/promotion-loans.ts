/**
 * `promotion_loans`: the installation's ledger, which keeps false promotions to 5 % of all
 * (`src/learning/evidence/loans.ts`). It follows what becomes of shadows, in the transaction that
 * changes their place: whoever becomes one is lent a part, whoever is one no more has won or gives
 * back.
 */
import type { Pool, PoolClient } from 'pg';
import { formatUs } from '../../domain/time.ts';
import {
  admit,
  isPaid,
  NEW_LEDGER,
  promote,
  withdraw,
  type LoanLedger,
  type OpenLoan,
} from '../../learning/evidence/loans.ts';
import { findChampion, type ModelChange, type Registry } from '../../learning/model-change.ts';
import { shadowStanding, storedSessions } from './verdict-values.ts';

/** The loan of a model that is a shadow. */
export interface ShadowLoan {
  readonly controlId: string;
  readonly loan: number;
  /** Event time at which it was lent; null: it was not known. */
  readonly admittedTs: number | null;
}

interface Entry extends OpenLoan {
  readonly event: 'admit' | 'promote' | 'withdraw';
  readonly controlId: string;
  readonly modelId: string;
  readonly atTs: number | null;
}

export async function readLedger(client: Pool | PoolClient): Promise<LoanLedger> {
  const { rows } = await client.query<LoanLedger>(
    'SELECT admitted, promotions, pot FROM promotion_loans ORDER BY entry_id DESC LIMIT 1',
  );
  return rows[0] ?? NEW_LEDGER;
}

/** The loan that the model has now; null: it has none. */
export async function openLoan(
  client: Pool | PoolClient,
  modelId: string,
): Promise<ShadowLoan | null> {
  const { rows } = await client.query<ShadowLoan & { event: string }>(
    `SELECT event, control_id AS "controlId", loan, event_ts AS "admittedTs" FROM promotion_loans
     WHERE model_id = $1 ORDER BY entry_id DESC LIMIT 1`,
    [modelId],
  );
  const [row] = rows;
  if (row?.event !== 'admit') return null;
  return { controlId: row.controlId, loan: row.loan, admittedTs: row.admittedTs };
}

/** The model has become a shadow by the record `controlId`. */
export async function lendTo(
  client: PoolClient,
  of: { readonly controlId: string; readonly modelId: string; readonly atTs: number | null },
): Promise<void> {
  const { loan, ledger } = admit(await lockLedger(client));
  await append(client, { ...of, event: 'admit', loan, logEvidence: 0 }, ledger);
}

/**
 * The model is a shadow no more. Where it becomes champion and its evidence pays the loan, that is
 * a promotion by evidence, whoever asked for it; all else gives the loan back. `championId` decided
 * until now; null: the baseline.
 */
async function settleLoan(
  client: PoolClient,
  of: { readonly modelId: string; readonly atTs: number | null; readonly wins: boolean },
  championId: string | null,
): Promise<void> {
  const { modelId, atTs, wins } = of;
  const open = await openLoan(client, modelId);
  if (open === null) return;
  const { controlId, loan } = open;
  const { logEvidence } = shadowStanding(await storedSessions(client, controlId), championId);
  const ledger = await lockLedger(client);
  const isPromotion = wins && isPaid(ledger, { loan, logEvidence });
  await append(
    client,
    {
      event: isPromotion ? 'promote' : 'withdraw',
      controlId,
      modelId,
      atTs,
      loan,
      logEvidence,
    },
    isPromotion ? promote(ledger) : withdraw(ledger, { loan, logEvidence }),
  );
}

/** Of the record that gives a model a place, by what caused that. */
export const modelRecordId = (state: string, modelId: string, cause: string): string =>
  `model:${state}:${modelId}:${cause}`;

/** Whoever becomes a shadow is lent its part of what may be wrong; whoever is one no more settles. */
export async function moveLoans(
  client: PoolClient,
  registry: Pick<Registry, 'models' | 'atTs'>,
  { states }: ModelChange,
  cause: string,
): Promise<void> {
  const { models, atTs } = registry;
  const championId = findChampion(registry)?.modelId ?? null;
  for (const { modelId, to } of states) {
    const from = models.find((model) => model.modelId === modelId)?.state;
    if (from === to) continue;
    if (from === 'shadow') {
      await settleLoan(client, { modelId, atTs, wins: to === 'champion' }, championId);
    }
    if (to === 'shadow') {
      await lendTo(client, { modelId, atTs, controlId: modelRecordId('shadow', modelId, cause) });
    }
  }
}

/** The ledger, for this transaction alone. Taken behind the lock of a market, never before. */
async function lockLedger(client: PoolClient): Promise<LoanLedger> {
  await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('promotion_loans', 0))`);
  return readLedger(client);
}

async function append(client: PoolClient, entry: Entry, ledger: LoanLedger): Promise<void> {
  const { event, controlId, modelId, atTs, loan, logEvidence } = entry;
  await client.query(
    `INSERT INTO promotion_loans
       (event, control_id, model_id, event_ts, loan, log_evidence, admitted, promotions, pot)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      ...[event, controlId, modelId, atTs === null ? null : formatUs(atTs), loan, logEvidence],
      ...[ledger.admitted, ledger.promotions, ledger.pot],
    ],
  );
}
