/**
 * Rows -> the bytes of one ILP request (protocol 2, times in microseconds): byte for byte what the
 * official client makes, for 0.6 microseconds a tick and 3 a row of 50 features where the client
 * takes 14 and 160 (`test/bench/ilp-encoder.ts`).
 *
 * The client checks every name and writes every character by a call of its own, row after row,
 * which costs more than all else that is done to a tick. Here a plan, made once per table, holds
 * what never changes as ready bytes, and a row is copies of those with its values between them. The
 * client stays the oracle: the tests want equal bytes of both for whatever a row can hold.
 */
import { assert } from '../assert.ts';
import type { AnyRow, ColumnType } from './table.ts';
import { GrowingBytes, makePiece, type Piece, type Run } from './ilp-bytes.ts';
import { KeyOrder, type EncodedTable, type RowEncoder } from './encoder.ts';

/** Keeps the plans and one growing buffer; what it hands out is a copy, and the caller's own. */
export function compiledEncoder(): RowEncoder {
  const plans = new WeakMap<EncodedTable, Plan>();
  const out = new GrowingBytes();
  return {
    encode(table, rows) {
      let plan = plans.get(table);
      if (plan === undefined) plans.set(table, (plan = new Plan(table)));
      out.clear();
      for (const row of rows) {
        plan.read(row);
        plan.write(out);
      }
      return out.copy();
    },
  };
}

/** `,side=buy` for every side there was. */
interface SymbolColumn {
  readonly slot: number;
  readonly name: string;
  readonly known: Map<string, Piece>;
}

/** The piece is all before the value: `,id="`, `,trades=`, `,price==` with the mark of a double. */
interface OtherColumn extends Piece {
  readonly slot: number;
  readonly type: ColumnType;
  /** The doubles from this one on, if it is the first of enough. */
  readonly run: Run | null;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const NEWLINE = 0x0a;
const SUFFIX_INTEGER = 0x69;
const SUFFIX_TIME = 0x74;

/** The longest number, its suffix and what the last word of a piece writes too much. */
const NUMBER_BYTES = 24;
/** A character of UTF-16 is three of UTF-8 at most, and two if it is escaped. */
const CHARACTER_BYTES = 3;

class Plan {
  readonly #order: KeyOrder;
  readonly #head: Piece;
  readonly #symbols: readonly SymbolColumn[];
  readonly #others: readonly OtherColumn[];
  readonly #tsSlot: number;
  /** All of a row but its texts and symbols needs less. */
  readonly #fixedBytes: number;
  /** The row's values by the place of the column, NaN and null where it has none. */
  readonly #numbers: Float64Array;
  readonly #texts: (string | null)[];

  constructor({ name, columns }: EncodedTable) {
    for (const plain of [name, ...Object.keys(columns)]) {
      assert(/^\w{1,127}$/.test(plain), `the name "${plain}" is not plain letters and digits`);
    }
    const all = Object.entries(columns).map(([column, type], slot) => ({ column, type, slot }));
    this.#order = new KeyOrder(columns);
    this.#head = makePiece(name);
    this.#symbols = all
      .filter(({ type }) => type === 'symbol')
      .map(({ column, slot }) => ({ slot, name: column, known: new Map<string, Piece>() }));
    this.#others = all
      .filter(({ column, type }) => type !== 'symbol' && column !== 'ts')
      .map(({ slot }) => otherColumn(Object.entries(columns), slot));
    this.#tsSlot = all.findIndex(({ column }) => column === 'ts');
    const lengths = [name, 'ts', ...Object.keys(columns)].map(({ length }) => length);
    this.#fixedBytes = lengths.reduce((sum, length) => sum + length + NUMBER_BYTES, 0);
    this.#numbers = new Float64Array(all.length).fill(NaN);
    this.#texts = all.map(() => null);
  }

  /** Takes the row's values into the slots. */
  read(row: AnyRow): void {
    // No key is there twice: with as many keys as columns, nothing is left of the row before.
    if (this.#take(row) === this.#texts.length) return;
    this.#numbers.fill(NaN);
    this.#texts.fill(null);
    this.#take(row);
  }

  /**
   * How many keys the row has. They are walked by `for in`, at a quarter of what it costs to ask
   * for them by name: nearly every feature row has a hidden class of its own.
   */
  #take(row: AnyRow): number {
    const { keys, columns } = this.#order;
    const numbers = this.#numbers;
    const texts = this.#texts;
    let place = 0;
    for (const name in row) {
      let slot = columns[place];
      if (keys[place] !== name) slot = this.#order.learn(name, place);
      if (slot === undefined) throw new Error(`there is no column "${name}"`);
      place++;
      const value = row[name];
      if (typeof value === 'number') {
        numbers[slot] = value;
      } else if (typeof value === 'string') {
        texts[slot] = value;
      } else {
        numbers[slot] = NaN;
        texts[slot] = null;
      }
    }
    return place;
  }

  write(out: GrowingBytes): void {
    out.reserve(this.#fixedBytes);
    out.piece(this.#head);
    const symbolsAt = out.at;
    this.#writeSymbols(out);
    const othersAt = out.at;
    this.#writeOthers(out);
    if (out.at === symbolsAt) {
      throw new Error('The row must have a symbol or column set before it is closed');
    }
    // The first of the others has a comma before it like the rest.
    out.bytes[othersAt] = SPACE;
    out.byte(SPACE);
    out.integer(this.#numbers[this.#tsSlot] as number);
    out.byte(SUFFIX_TIME);
    out.byte(NEWLINE);
  }

  #writeSymbols(out: GrowingBytes): void {
    const symbols = this.#symbols;
    for (let i = 0; i < symbols.length; i++) {
      const column = symbols[i] as SymbolColumn;
      const value = this.#texts[column.slot] as string | null;
      if (value === null) continue;
      const piece = column.known.get(value) ?? symbolPiece(column, value);
      out.reserve(piece.length + this.#fixedBytes);
      out.piece(piece);
    }
  }

  #writeOthers(out: GrowingBytes): void {
    const others = this.#others;
    const numbers = this.#numbers;
    for (let i = 0; i < others.length; i++) {
      const column = others[i] as OtherColumn;
      if (column.type === 'varchar') {
        const text = this.#texts[column.slot] as string | null;
        if (text === null) continue;
        out.reserve(CHARACTER_BYTES * text.length + this.#fixedBytes);
        out.piece(column);
        out.text(text);
        out.byte(QUOTE);
        continue;
      }
      if (column.run !== null && out.run(column.run, numbers, column.slot)) {
        i += column.run.values.length - 1;
        continue;
      }
      const value = numbers[column.slot] as number;
      if (Number.isNaN(value)) continue;
      out.piece(column);
      if (column.type === 'double') {
        out.double(value);
      } else {
        out.integer(value);
        out.byte(column.type === 'timestamp' ? SUFFIX_TIME : SUFFIX_INTEGER);
      }
    }
  }
}

/** Fewer are sooner written one by one: a copy by the runtime costs as much as four pieces. */
const RUN_LENGTH = 4;

type Entries = readonly (readonly [name: string, type: ColumnType])[];

function otherColumn(columns: Entries, slot: number): OtherColumn {
  const [name, type] = columns[slot] as Entries[number];
  const piece = makePiece(before(name, type));
  if (type !== 'double' || columns[slot - 1]?.[1] === 'double') {
    return { slot, type, run: null, ...piece };
  }
  const behind = columns.findIndex((column, at) => at > slot && column[1] !== 'double');
  const run = columns.slice(slot, behind < 0 ? undefined : behind);
  return { slot, type, run: run.length < RUN_LENGTH ? null : makeRun(run), ...piece };
}

function makeRun(columns: Entries): Run {
  let template = '';
  const values = columns.map(([name, type]) => {
    template += before(name, type);
    const at = template.length;
    template += '\0'.repeat(8);
    return at;
  });
  return { template: Buffer.from(template, 'latin1'), values: Int32Array.from(values) };
}

/** Protocol 2 marks a double by a second `=` and the number of its type. */
function before(name: string, type: ColumnType): string {
  return `,${name}=${type === 'varchar' ? '"' : type === 'double' ? '=\x10' : ''}`;
}

/** Of one column; a feed's symbols are far fewer, and what is longer is hardly seen again. */
const KNOWN_SYMBOLS = 1_000;
const KNOWN_LENGTH = 100;

function symbolPiece({ name, known }: SymbolColumn, value: string): Piece {
  const piece = makePiece(`,${name}=${value.replace(/[ ,=\\\n\r]/g, '\\$&')}`);
  if (known.size >= KNOWN_SYMBOLS) known.clear();
  if (value.length <= KNOWN_LENGTH) known.set(value, piece);
  return piece;
}
