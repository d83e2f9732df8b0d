/**
 * Signs and verifies control records with the installation's keys: HMAC-SHA256, hex.
 *
 * A record names the key by an id that is made from it. So keys may follow one another: the newest
 * signs, those before it verify until they are retired. Records from before there were ids are held
 * against the first key.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalJson, controlText } from '../domain/control.ts';
import type { Control } from '../domain/wire.ts';

export type UnsignedControl = Omit<Control, 'hmac' | 'key_id'>;

/** Whose a record is; all but `ours` are reasons to refuse it. */
export type ControlVerdict = 'ours' | 'bad_hmac' | 'unknown_key' | 'retired_key';

export interface ControlKeys {
  /** What signs, and seals the outbox. */
  readonly current: string;
  /** All that verify, by their ids. */
  readonly byId: ReadonlyMap<string, string>;
  /** Those that records without an id may be of. */
  readonly unnamed: readonly string[];
  readonly retired: ReadonlySet<string>;
}

/** The id of a key: says nothing of it. */
export const controlKeyId = (key: string): string =>
  createHmac('sha256', key).update('tickloom control key id').digest('hex').slice(0, 16);

/** The keys of an installation with this one alone. */
export const onlyKey = (key: string): ControlKeys => ({
  current: key,
  byId: new Map([[controlKeyId(key), key]]),
  unnamed: [key],
  retired: new Set(),
});

/** The id is no part of what is signed: it only says which key to try. */
export const signControl = (key: string, control: UnsignedControl): Control => ({
  ...control,
  key_id: controlKeyId(key),
  hmac: createHmac('sha256', key).update(controlText(control)).digest('hex'),
});

export function verifyControl(keys: ControlKeys, control: Control): ControlVerdict {
  const { key_id: id } = control;
  if (id === undefined) {
    return keys.unnamed.some((key) => isSigned(key, control)) ? 'ours' : 'bad_hmac';
  }
  const key = keys.byId.get(id);
  if (key === undefined) return keys.retired.has(id) ? 'retired_key' : 'unknown_key';
  return isSigned(key, control) ? 'ours' : 'bad_hmac';
}

function isSigned(key: string, control: Control): boolean {
  const expected = createHmac('sha256', key).update(controlText(control)).digest();
  return timingSafeEqual(expected, Buffer.from(control.hmac, 'hex'));
}

/** What a control record in the outbox is, before it has a version and a signature. */
export type SealedControl = Pick<Control, 'type' | 'subject'> & {
  readonly controlId: string;
  readonly body: object;
};

/**
 * The writer's own mark on it; over other text than a signature is, so that neither is the other.
 */
export function sealControl(
  key: string,
  { controlId, type, subject, body }: SealedControl,
): string {
  // As it comes back out of PostgreSQL.
  const stored: unknown = JSON.parse(JSON.stringify(body));
  const text = canonicalJson({ outbox: { controlId, type, subject, body: stored } });
  return createHmac('sha256', key).update(text).digest('hex');
}

export function isSealed(key: string, control: SealedControl, seal: string | null): boolean {
  const expected = Buffer.from(sealControl(key, control));
  const found = Buffer.from(seal ?? '');
  return found.length === expected.length && timingSafeEqual(found, expected);
}
