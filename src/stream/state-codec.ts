/**
 * Operator state <-> bytes. msgpack keeps every double as it is, at nine bytes or less, and field
 * names once; what repeats in it (names, ids) is then deflated, because the write-ahead log
 * of many instruments is what a checkpoint costs. A snapshot read back continues exactly where it
 * was taken.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { Packr } from 'msgpackr';

const packr = new Packr({ moreTypes: true, useRecords: true, mapsAsObjects: true });

export const encodeState = (state: unknown): Buffer =>
  deflateRawSync(packr.pack(state), { level: 1 });

export const decodeState = <State>(bytes: Uint8Array): State =>
  packr.unpack(inflateRawSync(bytes)) as State;
