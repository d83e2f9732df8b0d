/**
 * The header of records of `ticks` and `ticks-backfill` that are a recording of the past: their own
 * timestamp is since when they claim to have been known, and no as-of barrier of ours raises it.
 */
export const IMPORTED_HEADER = 'imported';

const IMPORTED = '1';

export const IMPORT_HEADERS: Readonly<Record<string, string>> = { [IMPORTED_HEADER]: IMPORTED };

/**
 * What the header says: any value but the one is no import, and the as-of barrier stays its floor.
 */
export const isImportMark = (value: unknown): boolean =>
  (typeof value === 'string' || Buffer.isBuffer(value)) && value.toString() === IMPORTED;
