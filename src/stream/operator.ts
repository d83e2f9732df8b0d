/**
 * The contract of an operator: a pure step of the flow over one instrument.
 *
 * No clock, no I/O, no randomness, nothing read from a table: the same inputs in the same order
 * give the same outputs, on any machine and after any crash. State is plain data (objects, arrays,
 * numbers, strings, typed arrays), changed in place; the runner saves it with msgpack and gives it
 * back after a restart, and nothing an operator emits may depend on that having happened.
 *
 * The caller owes: inputs of one instrument in log order, one state per instrument, and that every
 * emitted output is acknowledged by its sink before the input's position is saved.
 */
export interface Operator<In, Out, State> {
  readonly name: string;
  initial(): State;
  step(state: State, input: In, emit: (out: Out) => void): void;
}

/**
 * The moment at which the log made something computable: `decidedTs` is the event time of the tick
 * or heartbeat that did it, `knownAt` its known_at. Everything that one record brings about shares
 * its moment.
 */
export interface Moment {
  readonly decidedTs: number;
  readonly knownAt: number;
  /** Where that record was imported: when it came by the log's clock; `knownAt` is its claim. */
  readonly importedAt?: number;
}
