/**
 * A list that is counted out anew for every request (instruments, sums, settings) -> its pages. Its
 * order is its own; the page behind begins after the last item's key, or where that item has gone,
 * at the same place.
 */
import type { FastifyInstance } from 'fastify';
import { Type, type Static, type TObject, type TProperties } from 'typebox';
import type { Item } from './columns.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { after, optional, parameters } from './parameters.ts';
import { badParameter } from './problem.ts';
import { listSchema, read } from './route.ts';

export interface PagedRoute<F extends TProperties> {
  readonly path: string;
  readonly noun: string;
  readonly summary: string;
  readonly filters: F;
  readonly item: TObject;
  /** The columns that identify an item. */
  readonly keys: readonly string[];
  /** Items on a page where a request does not say. */
  readonly usual?: number;
  /** The whole list. */
  readonly handle: (filters: Static<TObject<F>>) => Promise<Item[]> | Item[];
}

const MOST = 5_000;
const USUAL = 1_000;

interface PageQuery {
  readonly limit?: number;
  readonly after?: string;
}

/** Adds `GET path` with `limit` and `after`. */
export function pagedRead<F extends TProperties>(
  app: FastifyInstance,
  { path, noun, summary, filters, item, keys, usual = USUAL, handle }: PagedRoute<F>,
): void {
  const description = 'items on a page at most';
  const limit = Type.Integer({ minimum: 1, maximum: MOST, default: usual, description });
  read(app, {
    path,
    noun,
    summary,
    answer: listSchema(item),
    query: parameters({ ...filters, limit: optional(limit), after: optional(after) }),
    handle: async (query) => {
      const { limit: size = usual, after: cursor, ...rest } = query as PageQuery;
      const items = await handle(rest as Static<TObject<F>>);
      return slicePage(items, keys, size, cursor);
    },
  });
}

/** A page of a whole list: `size` items behind the one that the cursor names. */
export function slicePage(
  items: readonly Item[],
  keys: readonly string[],
  size: number,
  cursor: string | undefined,
): { items: Item[]; next: string | null } {
  const itemKey = (item: Item): string => JSON.stringify(keys.map((name) => item[name] ?? null));
  let start = 0;
  if (cursor !== undefined) {
    const [key, at] = decodeCursor(cursor, 2);
    if (typeof key !== 'string' || typeof at !== 'number' || at < 0) {
      throw badParameter('after', 'is not the "next" of an earlier page of this list');
    }
    const found = items.findIndex((item) => itemKey(item) === key);
    start = found < 0 ? at : found + 1;
  }
  const page = items.slice(start, start + size);
  const last = page.at(-1);
  const isEnd = last === undefined || start + size >= items.length;
  return { items: page, next: isEnd ? null : encodeCursor([itemKey(last), start + page.length]) };
}
