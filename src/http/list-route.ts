/**
 * A noun's declaration (source, columns, key, filters) -> its paged list route. What a list of
 * PostgreSQL and one of QuestDB have in common for a client is decided here alone.
 */
import type { FastifyInstance } from 'fastify';
import type { TObject, TProperties } from 'typebox';
import {
  postgresPage,
  type DbRow,
  type PostgresKey,
  type PostgresList,
} from './tables/postgres-list.ts';
import { keyBehind, questdbPage, type QuestDbList } from './tables/questdb-list.ts';
import type { PageOptions } from './tables/select.ts';
import { toItem, type Item } from './columns.ts';
import type { HttpContext } from './context.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import * as p from './parameters.ts';
import { badParameter } from './problem.ts';
import { listSchema, read } from './route.ts';

interface ListDeclaration {
  readonly noun: string;
  readonly path?: string;
  readonly summary: string;
  readonly item: TObject;
  /** Parameters that a column must equal; those that are not optional in here are needed. */
  readonly filters: TProperties;
  readonly maximum?: number;
}

export interface PostgresListing extends ListDeclaration {
  readonly source: string;
  readonly time: string | null;
  readonly ids: readonly string[];
  /** What an item has besides its columns; in the order of the rows. */
  readonly more?: TProperties;
  readonly toItems?: (rows: readonly DbRow[]) => Promise<Item[]>;
}

export interface QuestDbListing extends ListDeclaration {
  readonly source: string;
  readonly columns?: readonly string[];
  readonly ties: readonly string[];
  /** Filters that hold when a request leaves them out. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** Turns the page's rows into items where the columns alone are not enough. */
  readonly toItems?: (rows: readonly DbRow[], filters: Filters) => Promise<Item[]> | Item[];
}

type Filters = Readonly<Record<string, string>>;

/** The parameters of a page, as validation leaves them. */
interface PageQuery {
  readonly from?: string;
  readonly to?: string;
  readonly order?: 'asc' | 'desc';
  readonly limit?: number;
  readonly after?: string;
}

/** Adds `GET /v1/<noun>` over a table or view of PostgreSQL. */
export function postgresList(
  app: FastifyInstance,
  { postgres }: HttpContext,
  listing: PostgresListing,
): void {
  const { source, time, ids, item, more = {}, toItems } = listing;
  const columns = Object.keys(item.properties).filter((name) => !Object.hasOwn(more, name));
  const list: PostgresList = { source, time, ids, columns };
  read(app, {
    ...declared(listing, time !== null),
    handle: async (query) => {
      const page = parsePage(query);
      const after = postgresKey(list, (query as PageQuery).after);
      const filters = pickFilters(listing, query);
      const rows = await postgresPage(postgres, list, filters, { ...page, after });
      const last = rows.length === page.limit ? rows.at(-1) : undefined;
      const next = last === undefined ? null : encodeCursor(cursorKey(list, last));
      const items = toItems?.(rows) ?? rows.map((row) => toItem(item, row));
      return { items: await items, next };
    },
  });
}

/** Adds `GET /v1/<noun>` over a table or view of QuestDB. */
export function questdbList(
  app: FastifyInstance,
  { questdb }: HttpContext,
  listing: QuestDbListing,
): void {
  const { source, ties, item } = listing;
  const columns = listing.columns ?? Object.keys(item.properties);
  const list: QuestDbList = { source, columns, ties };
  read(app, {
    ...declared(listing, true),
    handle: async (query) => {
      const page = parsePage(query);
      const after = questdbKey((query as PageQuery).after);
      const filters = { ...listing.defaults, ...pickFilters(listing, query) };
      const rows = await questdbPage(questdb, list, filters, { ...page, after });
      const key = rows.length === page.limit ? keyBehind(rows, after) : null;
      const items = listing.toItems?.(rows, filters) ?? rows.map((row) => toItem(item, row));
      return {
        items: await items,
        next: key === null ? null : encodeCursor([key.tsUs, key.skip]),
      };
    },
  });
}

function declared(listing: ListDeclaration, hasTime: boolean) {
  const { noun, path = `/v1/${noun}`, summary, filters, item, maximum } = listing;
  const range = hasTime ? { from: optional(p.from), to: optional(p.to) } : {};
  const limit = optional(p.limit(maximum));
  const paging = { order: optional(p.order), limit, after: optional(p.after) };
  const query = p.parameters({ ...filters, ...range, ...paging });
  return { path, noun, summary, query, answer: listSchema(item) };
}

const { optional } = p;

function parsePage(query: object): PageOptions {
  const { from, to, order = 'desc', limit = 100 } = query as PageQuery;
  const [fromUs, toUs] = [p.timeParameter('from', from), p.timeParameter('to', to)];
  if (fromUs !== undefined && toUs !== undefined && fromUs > toUs) {
    throw badParameter('to', `${to} lies before "from", ${from}`);
  }
  return { fromUs, toUs, order, limit };
}

function pickFilters({ filters }: ListDeclaration, query: object): Filters {
  const given = Object.entries(query).filter(([name]) => Object.hasOwn(filters, name));
  return Object.fromEntries(given) as Filters;
}

function postgresKey({ time, ids }: PostgresList, after: string | undefined): PostgresKey | null {
  if (after === undefined) return null;
  const [timeUs, ...rest] = decodeCursor(after, 1 + ids.length);
  const sound = typeof timeUs === (time === null ? 'object' : 'number');
  if (!sound || rest.some((id) => typeof id !== 'string')) throw notOurs();
  return { timeUs: timeUs as number | null, ids: rest as string[] };
}

const cursorKey = ({ time, ids }: PostgresList, row: DbRow) => [
  time === null ? null : (row[time] as number),
  ...ids.map((id) => String(row[id])),
];

function questdbKey(after: string | undefined) {
  if (after === undefined) return null;
  const [tsUs, skip] = decodeCursor(after, 2);
  // A skip is never larger than the rows of one instant; a forged one must not read a whole table.
  if (typeof tsUs !== 'number' || typeof skip !== 'number' || skip < 0 || skip > 100_000) {
    throw notOurs();
  }
  return { tsUs, skip };
}

const notOurs = () => badParameter('after', 'is not the "next" of an earlier page of this list');
