/** Signs and verifies control records with the installation's key: HMAC-SHA256, hex. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { controlText } from '../domain/control.ts';
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
