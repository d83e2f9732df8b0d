/**
 * what ingest says of a tick -> rows of QuestDB, and of a flood of the same a sum
 *
 * Whatever is not as it should be gets a row of its own, a hundred times a minute for each
 * instrument and kind; what is beyond is one row with counts, first and last, so that a
 * feed with a wrong clock cannot fill the disk. Late ticks and those that contradict a stored one
 * keep a row each: their verdicts are found again by it, and they are stored themselves.
 *
 * The minutes are those of the log's clock, and the counts are part of the checkpoint: a replay
 * gives the same rows. A log without any clock is one minute long.
 */
import type { QualityKind } from '../../src/domain/records/quality-event.ts';
import { floorTo, formatUs, US_PER_MIN } from '../../src/domain/time.ts';
import type { Instrument } from '../../src/questdb/table.ts';
import type { QualityRow } from '../../src/questdb/tables/quality-events.ts';
import type { IngestOut } from '../stream/ingest.ts';
import {
  tickContent,
  correctionRow,
  gapRow,
  qualityRow,
  heartbeatRow,
  importRow,
  addTickRows,
  type SinkRows,
  type LateTick,
} from './sink.ts';

const ROWS_A_MINUTE = 100;

/** Of one instrument and kind in one minute. Plain data. */
interface Flood {
  n: number;
  /** The first that has no row of its own. */
  source?: string;
  firstTs?: number;
}

/** What is counted in a minute of one partition. Plain data, part of its checkpoint. */
export interface Floods {
  minuteUs: number;
  /** By kind and instrument. */
  byKey: Record<string, Flood>;
}

export const initialFloods = (): Floods => ({ minuteUs: -1, byKey: {} });

/**
 * The row, or null where it is beyond the hundredth of its kind and instrument in the minute of
 * `clockUs`; `sums` has the row that counts those, by its key, for the end of the batch.
 */
export function withinFlood(
  floods: Floods,
  row: QualityRow,
  clockUs: number,
  sums: Map<string, QualityRow>,
): QualityRow | null {
  const minuteUs = floorTo(clockUs, US_PER_MIN);
  if (floods.minuteUs !== minuteUs) {
    floods.minuteUs = minuteUs;
    floods.byKey = {};
  }
  const key = `${row.kind}|${row.venue ?? ''}:${row.symbol ?? ''}`;
  const flood = (floods.byKey[key] ??= { n: 0 });
  flood.n += 1;
  if (flood.n <= ROWS_A_MINUTE) return row;
  flood.source ??= row.source;
  flood.firstTs ??= row.ts;
  const detail = {
    summary: true,
    count: flood.n - ROWS_A_MINUTE,
    first: flood.source,
    last: row.source,
    first_ts: formatUs(flood.firstTs),
    last_ts: formatUs(row.ts),
    last_detail: JSON.parse(row.detail) as unknown,
  };
  const at = { ts: minuteUs, knownAt: row.known_at, source: flood.source };
  const instrument =
    row.venue === null || row.symbol === null ? null : { venue: row.venue, symbol: row.symbol };
  sums.set(`${minuteUs}|${key}`, qualityRow(row.kind, at, instrument, detail));
  return null;
}

/** What a batch collects of what ingest says. */
export interface Notes {
  readonly rows: SinkRows;
  readonly late: LateTick[];
  readonly sums: Map<string, QualityRow>;
}

export interface NotePlace {
  readonly instrument: Instrument;
  readonly clockUs: number;
  /** When the record came, if it is imported. */
  readonly importedAt: number | null;
  readonly floods: Floods;
  readonly source: () => string;
}

/** Adds what one word of ingest becomes. */
export function noteIngest(out: IngestOut, place: NotePlace, notes: Notes): void {
  const { rows, late } = notes;
  const { instrument } = place;
  switch (out.type) {
    case 'new':
      if (place.importedAt === null) addTickRows(rows, out.tick, out.knownAt, instrument);
      else importRow(rows, { ...out, ...instrument, importedAt: place.importedAt });
      break;
    case 'heartbeat':
      rows.heartbeats.push(heartbeatRow(out.ts, out.knownAt, instrument, place.importedAt));
      break;
    case 'behind': {
      const { tick, knownAt } = out;
      const about = { source: place.source(), isHistory: false, importedAt: place.importedAt };
      late.push({ ...instrument, tick, knownAt, ...about });
      break;
    }
    case 'correction': {
      const { tick, knownAt, kept } = out;
      const seen = { ...instrument, tick, knownAt, source: place.source() };
      rows.quality_events.push(correctionRow(seen, tickContent(kept)));
      break;
    }
    case 'future':
      addRow(tickNote('future', out.ts, out, place, {}), place, notes);
      break;
    case 'bad_clock': {
      const record_ms = out.recordUs / 1000;
      addRow(tickNote('bad_clock', out.tick.ts, out, place, { record_ms }), place, notes);
      break;
    }
    case 'gap':
    case 'reset': {
      const row = gapRow(out.type, out.gap, out.moment, instrument, place.source());
      // A gap says which labels are void: each of them counts.
      if (out.type === 'gap') rows.quality_events.push(row);
      else addRow(row, place, notes);
      break;
    }
    default:
      // Duplicates are counted; ordered ticks and watermarks are the stream's.
      break;
  }
}

/** Of a tick that is set apart, or whose record has a wrong clock: with all of its content. */
function tickNote(
  kind: QualityKind,
  ts: number,
  { tick, knownAt }: Pick<Extract<IngestOut, { type: 'future' }>, 'tick' | 'knownAt'>,
  place: NotePlace,
  more: Readonly<Record<string, unknown>>,
): QualityRow {
  const content = tick.kind === 'heartbeat' ? {} : { id: tick.id, ...tickContent(tick) };
  const detail = { tick: tick.kind, ts: formatUs(tick.ts), ...content, ...more };
  return qualityRow(kind, { ts, knownAt, source: place.source() }, place.instrument, detail);
}

/** Adds a row, or counts it where there are very many of it. */
export function addRow(
  row: QualityRow,
  { floods, clockUs }: Pick<NotePlace, 'floods' | 'clockUs'>,
  { rows, sums }: Pick<Notes, 'rows' | 'sums'>,
): void {
  const own = withinFlood(floods, row, clockUs, sums);
  if (own !== null) rows.quality_events.push(own);
}
