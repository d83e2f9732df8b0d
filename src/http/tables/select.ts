/**
 * A list's question -> one parameterised SELECT. Names of tables and columns are constants of the
 * code; every value of a request is a parameter.
 */
import { assert } from '../../assert.ts';

/** Collects conditions and numbers their parameters. */
export class Conditions {
  readonly values: (string | number)[] = [];
  readonly #parts: string[] = [];

  /** `add('venue = ?', 'oanda')`: each question mark takes the next value. */
  add(sql: string, ...values: (string | number)[]): this {
    let used = 0;
    const numbered = sql.replaceAll('?', () => {
      this.values.push(values[used++] as string | number);
      return `$${this.values.length}`;
    });
    assert(used === values.length, `${values.length} values for ${used} places in "${sql}"`);
    this.#parts.push(numbered);
    return this;
  }

  /** The place of one more value, for a LIMIT. */
  place(value: number): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  where(): string {
    return this.#parts.length === 0 ? '' : `WHERE ${this.#parts.join(' AND ')}`;
  }
}

/** A half-open range and a page, as lists of both databases take them. */
export interface PageOptions {
  readonly fromUs: number | undefined;
  readonly toUs: number | undefined;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}
