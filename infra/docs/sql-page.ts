/** QuestDB's tables and features, PostgreSQL's migrations -> `docs/sql.md`. */
import type { FeatureDefinition } from '../../src/features/state/feature.ts';
import type { TableShape } from '../../src/questdb/tables/schema.ts';
import { code, GENERATED, page, sentence, table } from './markdown.ts';
import { parseTables, type Column, type Table } from './migrations.ts';
import { COMMON, EMPTY, INTERNAL, READ } from './postgres-meanings.ts';
import type { Schema } from './schema-words.ts';
import { FUNCTIONS, VIEWS, type View } from './postgres-views.ts';
import { POSTGRES_RECORDS, QUESTDB_EMPTY, QUESTDB_RECORDS } from './table-records.ts';

export interface SqlSources {
  /** By file name without ending: the text of `sql/questdb/*.sql`. */
  readonly questdb: Readonly<Record<string, string>>;
  /** The up migrations, the first one first. */
  readonly postgres: readonly string[];
  /** Of QuestDB, without the columns of the features. */
  readonly shapes: readonly TableShape[];
  readonly features: readonly FeatureDefinition[];
}

export function sqlPage({ questdb, postgres, shapes, features }: SqlSources): string {
  const tables = parseTables(postgres);
  const isForUsers = ({ name }: { readonly name: string }): boolean =>
    !QUESTDB_EMPTY.includes(name);
  checkNames(tables);
  return page(
    GENERATED,
    '# Tables',
    INTRODUCTION,
    contents(
      'QuestDB',
      shapes.filter(isForUsers).map(({ name }) => name),
    ),
    contents('PostgreSQL', [...Object.keys(READ), ...Object.keys(VIEWS)]),
    '## QuestDB',
    QUESTDB,
    ...shapes.filter(isForUsers).map((shape) => questTable(shape, questdb, features)),
    LATEST,
    `Empty in this version: ${QUESTDB_EMPTY.map(code).join(', ')}.`,
    '## PostgreSQL',
    POSTGRES,
    ...Object.keys(READ).map((name) => postgresTable(named(tables, name))),
    ...Object.entries(VIEWS).map(([name, view]) => formatView(name, view)),
    '### Functions',
    table(
      ['call', 'what it gives'],
      FUNCTIONS.map(([call, gives]) => [code(call), gives]),
    ),
    '### For the system itself',
    'These may change with any version.',
    table(
      ['table', 'what it holds'],
      Object.entries(INTERNAL).map(([t, is]) => [code(t), is]),
    ),
    `Empty in this version: ${EMPTY.map(code).join(', ')}.`,
  );
}

const contents = (of: string, names: readonly string[]): string =>
  `${of}: ${names.map((name) => `[${name}](#${name})`).join(', ')}`;

/** Every table is for users, for the system, or empty; and none is named that is not there. */
function checkNames(tables: readonly Table[]): void {
  const there = tables.map(({ name }) => name);
  const documented = [...Object.keys(READ), ...Object.keys(INTERNAL), ...EMPTY];
  const undocumented = there.filter((name) => !documented.includes(name));
  const gone = documented.filter((name) => !there.includes(name));
  if (undocumented.length + gone.length === 0) return;
  throw new Error(
    `infra/docs/postgres-meanings.ts: tables without a word: ${undocumented.join(', ') || 'none'}; ` +
      `words without a table: ${gone.join(', ') || 'none'}`,
  );
}

function named(tables: readonly Table[], name: string): Table {
  const found = tables.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no migration makes ${name}`);
  return found;
}

function questTable(
  { name, columns, keys }: TableShape,
  files: SqlSources['questdb'],
  features: readonly FeatureDefinition[],
): string {
  const sql = files[name] ?? '';
  const fields = (QUESTDB_RECORDS[name] ?? []).map(({ properties }) => properties as Fields);
  const known: Fields = Object.assign({}, ...fields);
  const rows = Object.entries(columns).map(([column, type]) => [
    code(column),
    type.toUpperCase(),
    keys.includes(column) ? 'key' : '',
    withWords(known[column]?.description ?? missing(name, column), allowedWords(known[column])),
  ]);
  const parts = [
    `### ${name}`,
    `${sentence(parseSummary(sql))} Kept in partitions of a ${parsePartition(sql)}.`,
    table(['column', 'type', '', 'what it means'], rows),
  ];
  if (name === 'features') parts.push(FEATURES, featureTable(features));
  return parts.join('\n\n');
}

type Fields = Readonly<Record<string, Schema>>;

/** The only texts that a field takes; empty: any. */
const allowedWords = (field: Schema | undefined): string[] =>
  field?.anyOf?.flatMap((each) =>
    typeof each.const === 'string' ? [each.const] : allowedWords(each),
  ) ?? [];

/** A meaning with the words that a column takes, unless it says them itself. */
function withWords(meaning: string, words: readonly string[]): string {
  const values = words.map(code);
  if (values.every((word) => meaning.includes(word))) return sentence(meaning);
  return `${sentence(meaning)} One of ${values.join(', ')}.`;
}

const featureTable = (features: readonly FeatureDefinition[]): string =>
  table(
    ['column', 'unit', 'needs', 'what it means'],
    features.map(({ name, unit, needs, description }) => [
      code(name),
      unit,
      needs,
      sentence(description),
    ]),
  );

/** The first sentence of the comment that an SQL file begins with: the columns say the rest. */
const parseSummary = (sql: string): string =>
  (/^(--.*\n)+/.exec(sql)?.[0] ?? '')
    .replaceAll(/^-- ?/gm, '')
    .trim()
    .replaceAll('\n', ' ')
    .replace(/\. .*$/, '');

const parsePartition = (sql: string): string =>
  (/PARTITION BY (\w+)/.exec(sql)?.[1] ?? '').toLowerCase();

function postgresTable({ name, columns, key }: Table): string {
  const { is, columns: meanings } = READ[name] ?? { is: '', columns: {} };
  const gone = Object.keys(meanings).filter((each) => !columns.some((c) => c.name === each));
  if (gone.length > 0) {
    throw new Error(`infra/docs/postgres-meanings.ts: ${name} has no ${gone.join(', ')}`);
  }
  const rows = columns.map((column) => [
    code(column.name),
    column.isNullable ? `${column.type}, or null` : column.type,
    key.includes(column.name) ? 'key' : '',
    formatMeaning(name, column, meanings),
  ]);
  return [`### ${name}`, is, table(['column', 'type', '', 'what it means'], rows)].join('\n\n');
}

function formatView(name: string, view: View): string {
  const head = `### ${name}\n\nA view. ${view.is}`;
  if ('sameColumnsAs' in view)
    return `${head} Its columns are those of ${code(view.sameColumnsAs)}.`;
  const rows = Object.entries(view.columns).map(([column, [type, means]]) => [
    code(column),
    type,
    means,
  ]);
  return `${head}\n\n${table(['column', 'type', 'what it means'], rows)}`;
}

function formatMeaning(
  of: string,
  { name, comment, values }: Column,
  meanings: Readonly<Record<string, string>>,
): string {
  const field = (POSTGRES_RECORDS[of]?.properties as Fields | undefined)?.[name];
  const meaning =
    meanings[name] ?? field?.description ?? (comment || COMMON[name]) ?? missing(of, name);
  return withWords(meaning, values.length > 0 ? values : allowedWords(field));
}

function missing(of: string, column: string): never {
  throw new Error(`infra/docs: nothing says what ${of}.${column} means`);
}

const INTRODUCTION = `\
Time series are in QuestDB, money and decisions in PostgreSQL. \`npx tickloom connect\` prints
ready URLs for both. One thing has one name: a column is called the same in tables, topics,
files and over HTTP. All times are UTC. Three clocks: \`ts\` is when it happened, \`decided_ts\`
the tick that made a value computable, \`known_at\` when this system could know it.`;

const QUESTDB = `Two rows with equal keys are one row. A column without a value is null.`;

const LATEST = `### candles_latest, features_latest, labels_latest

Views with the same columns: of each row the highest revision alone.`;

const FEATURES = `\
Every feature is a column of type DOUBLE; null where it cannot be computed. \`needs\`: what the
instrument must have for it.`;

const POSTGRES = `\
Amounts of money are \`numeric\`, which is exact. Every time in money and models is event time,
unless its column says otherwise.`;
