/**
 * bytes of a `ticks` record -> what it holds, or the reason why it is dead.
 *
 * Pure, and the same for the stream (which skips dead records) and the sink (which writes them to
 * `dead-letters`), so both always agree. A frame with one bad tick is dead as a whole; kinds that
 * we do not know are skipped and counted, so that newer producers may add some.
 *
 * Nearly every record is read by the scanner; `parseTicks` is the plain way and decides the rest.
 */
import { Compile } from 'typebox/compile';
import { toMarketTick, type MarketTick } from '../domain/tick.ts';
import { LATEST_US } from '../domain/time.ts';
import {
  Control,
  parseInstrumentKey,
  instrumentKey,
  type Heartbeat,
  type Tick,
} from '../domain/wire.ts';
import type { ControlVerdict } from './control-key.ts';
import { checkTick, isProblem, isTickKind, type TickReason } from './check-tick.ts';
import { dead, recordKind, readJson, type Dead } from './json-record.ts';
import { scannedInstrument, TickScanner, type ScannedInstrument } from './tick-scanner.ts';

/** Why a record is dead: closed, so that an alert rule or a query can rely on it. */
export type DeadReason =
  | 'empty_value'
  | 'bad_json'
  | 'not_a_record'
  | TickReason
  | 'missing_key'
  | 'key_mismatch'
  | 'control_with_key'
  | 'control_in_frame'
  | Exclude<ControlVerdict, 'ours'>
  /** Ours, by a version of this program that can say more than this one understands. */
  | 'newer_version';

/** That all is well up to `ts` although nothing is traded. */
export interface HeartbeatItem {
  readonly kind: 'heartbeat';
  readonly ts: number;
}

export type Item = MarketTick | HeartbeatItem;

export type Decoded =
  | Dead<DeadReason>
  | { readonly type: 'control'; readonly control: Control }
  | {
      readonly type: 'ticks';
      /** The key of all items, `venue:symbol`. */
      readonly key: string;
      readonly items: readonly Item[];
      /** Positions of the items in the frame, or null for a record that is no frame. */
      readonly positions: readonly number[] | null;
      readonly skipped: number;
    };

export type VerifyControl = (control: Control) => ControlVerdict;

const validators = { control: Compile(Control) };

const DETAIL_MAX = 300;
const BRACKET_OPEN = 0x5b;
const KNOWN_MAX = 100_000;

const scanner = new TickScanner();
const known = new Map<string, ScannedInstrument>();

export function decodeTicks(
  key: string | null,
  value: Buffer | null,
  verifyControl: VerifyControl,
): Decoded {
  if (key !== null && value !== null) {
    const instrument = known.get(key) ?? learn(key);
    const items = instrument === null ? null : scanner.scan(value, instrument);
    if (items !== null) {
      const positions = value[0] === BRACKET_OPEN ? [...items.keys()] : null;
      return { type: 'ticks', key, items, positions, skipped: 0 };
    }
  }
  return parseTicks(key, value, verifyControl);
}

function learn(key: string): ScannedInstrument | null {
  const instrument = parseInstrumentKey(key);
  if (instrument === null) return null;
  const scanned = scannedInstrument(instrument.venue, instrument.symbol);
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(key, scanned);
  return scanned;
}

/** The plain way, and what the scanner is held against. */
export function parseTicks(
  key: string | null,
  value: Buffer | null,
  verifyControl: VerifyControl,
): Decoded {
  const read = readJson(value);
  if (read.type === 'dead') return read;
  const { json } = read;
  if (Array.isArray(json)) return decodeFrame(key, json);
  const kind = recordKind(json);
  if (kind === null) return dead('not_a_record', 'expected an object with a "kind", or an array');
  if (kind === 'control') return decodeControl(key, json, verifyControl);
  return decodeFrame(key, [json], true);
}

function decodeControl(key: string | null, json: unknown, verify: VerifyControl): Decoded {
  const { control: validator } = validators;
  if (!validator.Check(json)) {
    const newer = newerType(json, verify);
    if (newer !== null)
      return dead('newer_version', `control type "${newer}": update this program`);
    return dead('schema', firstError(validator, json));
  }
  const lacks = json.type === 'clock' ? clockFlaw(json) : versionFlaw(json);
  if (lacks !== null) return dead('schema', lacks);
  if (key !== null) return dead('control_with_key', 'a control record has no key');
  const verdict = verify(json);
  if (verdict !== 'ours') return dead(verdict, notOurs(json, verdict));
  return { type: 'control', control: json };
}

function notOurs(
  { control_id: id, key_id: key }: Control,
  verdict: Exclude<ControlVerdict, 'ours'>,
): string {
  if (verdict === 'bad_hmac') return `control "${id}" is not ours`;
  if (verdict === 'retired_key') return `control "${id}" is signed by key ${key}, which is retired`;
  return (
    `control "${id}" is signed by key ${key}, which is not known here: give this machine the ` +
    'keys of the one that sends (control-keys.json, TICKLOOM_CONTROL_KEY), then resend it'
  );
}

const versionFlaw = ({ version }: Control): string | null =>
  version === undefined ? '/version is needed' : null;

function clockFlaw({ body: { ts } }: Control): string | null {
  const isTime = Number.isSafeInteger(ts) && Number(ts) > 0 && Number(ts) <= LATEST_US;
  return isTime ? null : '/body/ts of a clock is microseconds since 1970';
}

/** The type of a record that is signed by us and sound, but for a type that we do not know. */
function newerType(json: unknown, verify: VerifyControl): string | null {
  const { type } = json as { type?: unknown };
  const asKnown = { ...(json as object), type: 'cut' };
  if (typeof type !== 'string' || !validators.control.Check(asKnown)) return null;
  return verify(json as Control) === 'ours' ? type : null;
}

function decodeFrame(key: string | null, entries: readonly unknown[], single = false): Decoded {
  if (entries.length === 0) return dead('not_a_record', 'a frame holds at least one tick');
  const items: Item[] = [];
  const positions: number[] = [];
  let skipped = 0;
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i];
    const kind = recordKind(entry);
    if (kind === null) return dead('not_a_record', `item ${i} is no object with a "kind"`);
    if (kind === 'control') return dead('control_in_frame', `item ${i} is a control record`);
    if (!isTickKind(kind)) {
      skipped += 1;
      continue;
    }
    const item = checkTick(kind, entry);
    if (isProblem(item)) {
      const field = item.field === null ? '' : `${item.field} `;
      return dead(item.reason, `item ${i}: ${field}${item.detail}`.slice(0, DETAIL_MAX));
    }
    const wrongKey = checkKey(key, item);
    if (wrongKey !== null) return wrongKey;
    items.push(item.kind === 'heartbeat' ? { kind: item.kind, ts: item.ts } : toMarketTick(item));
    positions.push(i);
  }
  return { type: 'ticks', key: key ?? '', items, positions: single ? null : positions, skipped };
}

function checkKey(key: string | null, item: Tick | Heartbeat): Decoded | null {
  if (key === null) return dead('missing_key', 'a tick has the key venue:symbol');
  if (key === instrumentKey(item)) return null;
  const found = parseInstrumentKey(key) === null ? 'no instrument' : key;
  return dead('key_mismatch', `the key says ${found}, the body ${instrumentKey(item)}`);
}

type Validator = { Errors(value: unknown): Iterable<{ instancePath: string; message: string }> };

/** What the schema objects to first, in a short line. */
export function firstError(
  validator: Validator & { Check(value: unknown): boolean },
  value: unknown,
) {
  for (const error of validator.Errors(value)) {
    return `${error.instancePath || '/'} ${error.message}`.slice(0, 200);
  }
  return 'does not match the schema';
}
