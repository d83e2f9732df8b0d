/**
 * Operator state <-> bytes. msgpack keeps every double as it is, at nine bytes or less, and field
 * names once; what repeats in it (names, ids) is then deflated, because the write-ahead log
 * of many instruments is what a checkpoint costs. A snapshot read back continues exactly where it
 * was taken. A state of another layout is refused: half understood, it would decide something else.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { Packr } from 'msgpackr';

const packr = new Packr({ moreTypes: true, useRecords: true, mapsAsObjects: true });

/** Of the states' layout; to be counted up when an operator's state changes its meaning. */
const VERSION = 1;
/** No deflated stream begins with such a byte: states from before there were versions have none. */
const MARK = 0b111;

export class StateVersionError extends Error {
  constructor(found: number) {
    super(
      `a stored state has layout ${found}, and this program knows ${VERSION}: run the version that ` +
        'wrote it, or delete the checkpoints of the stage to have it compute from the log anew',
    );
    this.name = 'StateVersionError';
  }
}

export const encodeState = (state: unknown): Buffer => {
  const packed = deflateRawSync(packr.pack(state), { level: 1 });
  return Buffer.concat([Buffer.of((VERSION << 3) | MARK), packed]);
};

/** Throws `StateVersionError`. */
export function decodeState<State>(bytes: Uint8Array): State {
  const first = bytes[0] ?? 0;
  const isMarked = (first & MARK) === MARK;
  const version = isMarked ? first >> 3 : VERSION;
  if (version !== VERSION) throw new StateVersionError(version);
  return packr.unpack(inflateRawSync(isMarked ? bytes.subarray(1) : bytes)) as State;
}
