/**
 * rows that DuckDB answers -> a file in Arrow's IPC stream format, some thousand rows at a time
 *
 * What pandas, Polars, R and DuckDB read without parsing: columns, with microsecond UTC and nulls
 * as they are. https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
 */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import {
  Field,
  Float64,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampMicrosecond,
  Utf8,
  vectorFromArray,
  type Data,
  type DataType,
} from 'apache-arrow';
import { must } from '../../src/assert.ts';

type Cells = readonly unknown[];

/** How a column of DuckDB becomes one of Arrow. */
interface ColumnKind {
  readonly type: DataType;
  readonly data: (cells: Cells) => Data;
}

const KINDS: Readonly<Record<string, ColumnKind>> = {
  DOUBLE: fixed(new Float64(), (cells) => Float64Array.from(cells, (cell) => Number(cell ?? 0))),
  INTEGER: fixed(new Int32(), (cells) => Int32Array.from(cells, (cell) => Number(cell ?? 0))),
  BIGINT: fixed(new Int64(), (cells) => BigInt64Array.from(cells, toBigInt)),
  'TIMESTAMP WITH TIME ZONE': fixed(new TimestampMicrosecond('UTC'), (cells) =>
    BigInt64Array.from(cells, (cell) => toBigInt((cell as { micros?: bigint } | null)?.micros)),
  ),
  VARCHAR: { type: new Utf8(), data: (cells) => must(vectorFromArray(cells, new Utf8()).data[0]) },
};

const toBigInt = (cell: unknown): bigint => (typeof cell === 'bigint' ? cell : 0n);

function fixed(
  type: DataType,
  values: (cells: Cells) => Float64Array | Int32Array | BigInt64Array,
): ColumnKind {
  return {
    type,
    data: (cells) => {
      const nullCount = cells.reduce((n: number, cell) => n + (cell === null ? 1 : 0), 0);
      const about = { type, length: cells.length, nullCount, data: values(cells) };
      return makeData({ ...about, nullBitmap: nullCount === 0 ? undefined : validityBits(cells) });
    },
  };
}

/** A bit for each cell, the lowest first: 1 where there is a value. */
function validityBits(cells: Cells): Uint8Array {
  const bits = new Uint8Array(Math.ceil(cells.length / 8));
  cells.forEach((cell, i) => {
    if (cell !== null) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
  });
  return bits;
}

/** Writes what `sql` answers. Throws where a column has a type that no training set has. */
export async function writeArrow(db: DuckDBConnection, sql: string, to: string): Promise<void> {
  const answer = await db.stream(sql);
  const names = answer.columnNames();
  const kinds = answer.columnTypes().map((type, i) => {
    const kind = KINDS[String(type)];
    if (kind === undefined)
      throw new Error(`column ${names[i]}: no Arrow type for ${String(type)}`);
    return kind;
  });
  const schema = new Schema(kinds.map(({ type }, i) => new Field(must(names[i]), type, true)));
  const struct = new Struct(schema.fields);
  let failure: Error | null = null;
  async function* batches(): AsyncGenerator<RecordBatch> {
    // A set without rows has its columns all the same.
    for (let rows = 0; ;) {
      const chunk = await answer.fetchChunk();
      const length = chunk?.rowCount ?? 0;
      if (length === 0 && rows > 0) return;
      const cells = (i: number): Cells => (length === 0 ? [] : must(chunk).getColumnValues(i));
      const children = kinds.map(({ data }, i) => data(cells(i)));
      yield new RecordBatch(schema, makeData({ type: struct, length, children, nullCount: 0 }));
      if (length === 0) return;
      rows += length;
    }
  }
  /** The writer answers a source that throws with a rejection that nobody can handle. */
  async function* safely(): AsyncGenerator<RecordBatch> {
    try {
      yield* batches();
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
  }
  const writer = RecordBatchStreamWriter.throughNode({
    autoDestroy: true,
    writableObjectMode: true,
  });
  await pipeline(Readable.from(safely()), writer, createWriteStream(to));
  if (failure !== null) throw failure as Error;
}
