/**
 * The instruments of one partition as a stage keeps them in memory: the state of each, what is
 * known of its venue, and which of them have changed since the last checkpoint.
 *
 * Looked up once a record: what follows from the key alone is found here and not worked out again.
 */
import { must } from '../assert.ts';
import { findVenue } from '../domain/venues.ts';
import { parseInstrumentKey } from '../domain/wire.ts';
import { decodeState, encodeState } from './state-codec.ts';

export interface InstrumentSlot<State> {
  readonly key: string;
  readonly venue: string;
  readonly symbol: string;
  readonly latenessUs: number;
  readonly contiguousTradeIds: boolean;
  readonly state: State;
  isChanged: boolean;
}

export class InstrumentStates<State> {
  private readonly slots = new Map<string, InstrumentSlot<State>>();
  private readonly unsaved: InstrumentSlot<State>[] = [];
  private readonly initial: () => State;
  private readonly latenessUs: number;

  /** `saved` are the states of the last checkpoint. */
  constructor(initial: () => State, latenessUs: number, saved: ReadonlyMap<string, Buffer>) {
    this.initial = initial;
    this.latenessUs = latenessUs;
    for (const [key, bytes] of saved) this.add(key, decodeState<State>(bytes));
  }

  find(key: string): InstrumentSlot<State> | undefined {
    return this.slots.get(key);
  }

  /** The instrument whose state is about to change; a new one begins in the initial state. */
  change(key: string): InstrumentSlot<State> {
    const slot = this.slots.get(key) ?? this.add(key, this.initial());
    if (!slot.isChanged) {
      slot.isChanged = true;
      this.unsaved.push(slot);
    }
    return slot;
  }

  /** The states that have changed since `saved`, for a checkpoint. */
  changed(): Map<string, Buffer> {
    return new Map(this.unsaved.map(({ key, state }) => [key, encodeState(state)]));
  }

  saved(): void {
    for (const slot of this.unsaved) slot.isChanged = false;
    this.unsaved.length = 0;
  }

  [Symbol.iterator](): IterableIterator<InstrumentSlot<State>> {
    return this.slots.values();
  }

  private add(key: string, state: State): InstrumentSlot<State> {
    const { venue, symbol } = must(parseInstrumentKey(key), `"${key}" is an instrument`);
    const { latenessUs, contiguousTradeIds } = findVenue(venue);
    const slot = {
      key,
      venue,
      symbol,
      latenessUs: latenessUs ?? this.latenessUs,
      contiguousTradeIds,
      state,
      isChanged: false,
    };
    this.slots.set(key, slot);
    return slot;
  }
}
