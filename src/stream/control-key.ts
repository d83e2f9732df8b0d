/** Signs and verifies control records with the installation's key: HMAC-SHA256, hex. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalJson, controlText } from '../domain/control.ts';
import type { Control } from '../domain/wire.ts';

export type UnsignedControl = Omit<Control, 'hmac'>;

export const signControl = (key: string, control: UnsignedControl): Control => ({
  ...control,
  hmac: createHmac('sha256', key).update(controlText(control)).digest('hex'),
});

export function verifyControl(key: string, control: Control): boolean {
  const expected = createHmac('sha256', key).update(controlText(control)).digest();
  return timingSafeEqual(expected, Buffer.from(control.hmac, 'hex'));
}

/** What a control record in the outbox is, before it has a version and a signature. */
export type SealedControl = Pick<Control, 'type' | 'subject'> & {
  readonly controlId: string;
  readonly body: object;
};

/** The writer's own mark on it; over other text than a signature is, so that neither is the other. */
export function sealOf(key: string, { controlId, type, subject, body }: SealedControl): string {
  // As it comes back out of PostgreSQL.
  const stored: unknown = JSON.parse(JSON.stringify(body));
  const text = canonicalJson({ outbox: { controlId, type, subject, body: stored } });
  return createHmac('sha256', key).update(text).digest('hex');
}

export function isSealed(key: string, control: SealedControl, seal: string | null): boolean {
  const expected = Buffer.from(sealOf(key, control));
  const found = Buffer.from(seal ?? '');
  return found.length === expected.length && timingSafeEqual(found, expected);
}
