/** The policies, by the names that the command line takes. */
import type { Policy } from '../policy.ts';
import { dailyLooks } from './daily-looks.ts';
import { evidence, evidenceInherited, evidenceUngated } from './evidence.ts';
import { fixedGate } from './fixed-gate.ts';
import { takeLatest } from './take-latest.ts';

export const POLICIES: readonly Policy[] = [
  takeLatest,
  fixedGate,
  dailyLooks,
  evidence,
  evidenceUngated,
  evidenceInherited,
];
