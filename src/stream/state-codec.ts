/**
 * Operator state <-> bytes. msgpack keeps every double bit for bit, typed arrays included, at nine
 * bytes or less a number, and names of fields once however often they recur; a snapshot read back continues exactly where it was taken.
 */
import { Packr } from 'msgpackr';

const packr = new Packr({ moreTypes: true, useRecords: true, mapsAsObjects: true });

export const encodeState = (state: unknown): Buffer => packr.pack(state);

export const decodeState = <State>(bytes: Buffer): State => packr.unpack(bytes) as State;
