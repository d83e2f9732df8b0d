/** What a command was given and is not there: refused with what there is. */
import { instrumentKey } from '../../domain/wire.ts';
import type { Context } from '../../runtime/context.ts';
import { storedWatermarks } from '../../postgres/tables/stored-watermarks.ts';
import { CommandError } from './context.ts';

export function notStored(symbol: string | undefined, known: readonly string[]): CommandError {
  const names = known.join(', ') || 'none';
  return new CommandError(`nothing is stored of ${symbol ?? 'any instrument'}; known: ${names}`);
}

/** For an answer that is empty: an instrument that nothing is stored of is a mistake, not a none. */
export async function refuseUnstored(
  { postgres }: Context,
  symbol: string | undefined,
): Promise<void> {
  if (symbol === undefined) return;
  const known = (await storedWatermarks(postgres)).map(instrumentKey);
  if (!known.includes(symbol)) throw notStored(symbol, known);
}

/** The same of an account. */
export async function refuseUnknownAccount(
  { postgres }: Context,
  account: string | undefined,
): Promise<void> {
  if (account === undefined) return;
  const { rows } = await postgres.query<{ account: string }>(
    'SELECT account FROM accounts ORDER BY account',
  );
  const names = rows.map((row) => row.account);
  if (names.includes(account)) return;
  throw new CommandError(`there is no account "${account}"; there are ${names.join(', ')}`);
}

export const noModel = (id: string): CommandError =>
  new CommandError(`there is no model "${id}": see tickloom models list`);
