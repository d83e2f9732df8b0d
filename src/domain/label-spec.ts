/**
 * A label spec names what is predicted and over which horizon: `direction_1h@1`, `return_1h@1`,
 * `barrier_1h@1`. The first word says by which its models are judged; the number after `@` is the
 * version of the definition.
 */
import { LABEL_SPEC_PATTERN } from './records/prediction.ts';
import { parseDurationUs } from './time.ts';

const LABEL_SPEC_RE = new RegExp(LABEL_SPEC_PATTERN);

export interface LabelSpec {
  readonly name: string;
  readonly target: 'direction' | 'return' | 'barrier';
  readonly horizonUs: number;
  readonly version: number;
}

/** The parts of a label spec. Throws a RangeError that names the expected form. */
export function parseLabelSpec(name: string): LabelSpec {
  const match = LABEL_SPEC_RE.exec(name);
  if (match === null) {
    throw new RangeError(`"${name}" is not a label spec such as direction_1h@1`);
  }
  const [, target, horizon, version] = match as unknown as [
    string,
    LabelSpec['target'],
    string,
    string,
  ];
  return { name, target, horizonUs: parseDurationUs(horizon), version: Number(version) };
}
