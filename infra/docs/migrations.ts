/**
 * The migrations of `sql/postgres`, in their order -> the tables that they leave behind, with each
 * column's type and the comment that stands above it.
 *
 * It knows the statements that the migrations use and no others: on one that it does not know it
 * throws, so that nothing is left out of the page in silence.
 */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly isNullable: boolean;
  /** The only values that it takes; empty: any of its type. */
  readonly values: readonly string[];
  /** Of the code; empty where there is none. */
  readonly comment: string;
}

export interface Table {
  readonly name: string;
  readonly comment: string;
  readonly columns: readonly Column[];
  readonly key: readonly string[];
}

interface OpenTable {
  readonly name: string;
  readonly comment: string;
  columns: Column[];
  key: readonly string[];
}

interface Statement {
  readonly comment: string;
  readonly text: string;
}

/** `files`: the text of the up migrations, the first one first. */
export function parseTables(files: readonly string[]): Table[] {
  const tables = new Map<string, OpenTable>();
  for (const statement of files.flatMap(statementsIn)) apply(tables, statement);
  return [...tables.values()];
}

/** What changes no table's form. */
const OTHER = /^(CREATE ((UNIQUE )?INDEX|VIEW|FUNCTION|TRIGGER)|UPDATE) /;

function apply(tables: Map<string, OpenTable>, { text, comment }: Statement): void {
  const created = /^CREATE (?:UNLOGGED )?TABLE (\w+) \(\n([\s\S]*)\n\)$/.exec(text);
  if (created !== null) {
    const [, name = '', body = ''] = created;
    tables.set(name, { name, comment, ...parseBody(body) });
    return;
  }
  const altered = /^ALTER TABLE (\w+)\s([\s\S]*)$/.exec(text);
  if (altered !== null) {
    const [, name = '', actions = ''] = altered;
    const table = tables.get(name);
    if (table === undefined) throw new Error(`a migration alters ${name}, which is not there`);
    alter(table, actions);
    return;
  }
  if (!OTHER.test(text)) {
    throw new Error(`infra/docs/migrations.ts does not know: ${text.slice(0, 80)}`);
  }
}

/** A statement ends with a `;` at the end of a line; its comment stands right above it. */
function statementsIn(file: string): Statement[] {
  const statements: Statement[] = [];
  let comment: string[] = [];
  let lines: string[] = [];
  for (const line of file.split('\n')) {
    const isBetween = lines.length === 0;
    if (isBetween && line === '') comment = [];
    else if (isBetween && line.startsWith('--')) comment.push(line);
    else lines.push(line);
    if (!line.endsWith(';') || line.trimStart().startsWith('--')) continue;
    statements.push({ comment: spoken(comment), text: lines.join('\n').slice(0, -1) });
    [comment, lines] = [[], []];
  }
  if (lines.length > 0) throw new Error(`a statement has no end: ${lines[0]}`);
  return statements;
}

/** Lines of a comment as one text. */
const spoken = (lines: readonly string[]): string =>
  lines.map((line) => line.trim().replace(/^-- ?/, '')).join(' ');

interface Entry {
  readonly text: string;
  readonly comment: string;
}

function parseBody(body: string): Pick<OpenTable, 'columns' | 'key'> {
  const entries = entriesIn(body);
  const isColumn = ({ text }: Entry): boolean => /^[a-z]/.test(text);
  const columns = entries.filter(isColumn).map(parseColumn);
  const key = entries.flatMap(({ text }) => /^PRIMARY KEY \((.*)\)/.exec(text)?.[1] ?? []);
  const own = entries.find(({ text }) => /^\w+ .*PRIMARY KEY/.test(text) && /^[a-z]/.test(text));
  const names = key[0]?.split(', ') ?? (own === undefined ? [] : [nameIn(own.text)]);
  return { columns, key: names };
}

/** Lines that are indented further go on with the entry before them. */
function entriesIn(body: string): Entry[] {
  const entries: { text: string; comment: string }[] = [];
  let comment: string[] = [];
  for (const line of body.split('\n')) {
    if (line.trimStart().startsWith('--')) comment.push(line);
    else if (line.startsWith('    ')) (entries.at(-1) ?? fail(line)).text += ` ${line.trim()}`;
    else {
      entries.push({ text: line.trim(), comment: spoken(comment) });
      comment = [];
    }
  }
  return entries.map(({ text, comment: entryComment }) => ({
    text: text.replace(/,$/, ''),
    comment: entryComment,
  }));
}

function fail(line: string): never {
  throw new Error(`nothing stands above: ${line}`);
}

const nameIn = (text: string): string => text.split(' ')[0] ?? '';

function parseColumn({ text, comment }: Entry): Column {
  const match = /^(\w+) ((?:double precision|\w+)(?:\[\])?)(.*)$/.exec(text);
  if (match === null) throw new Error(`infra/docs/migrations.ts: no column: ${text}`);
  const [, name = '', type = '', rest = ''] = match;
  const isNullable = !/NOT NULL|PRIMARY KEY|GENERATED/.test(rest) && type !== 'bigserial';
  return {
    name,
    type: type === 'bigserial' ? 'bigint' : type,
    isNullable,
    values: valuesIn(rest, name),
    comment,
  };
}

function valuesIn(text: string, column: string): string[] {
  const list = new RegExp(`CHECK \\(${column} IN \\(([^)]*)\\)\\)`).exec(text)?.[1] ?? '';
  return [...list.matchAll(/'([^']*)'/g)].map(([, value = '']) => value);
}

/** One `ALTER TABLE` may have several actions, each with its comment above it. */
function alter(table: OpenTable, actions: string): void {
  const parts = actions.split(/(?=\b(?:ADD|DROP) (?:COLUMN|CONSTRAINT)\b)/);
  let comment = '';
  for (const part of parts) {
    const lines = part.split('\n');
    const text = lines.filter((line) => !line.trimStart().startsWith('--')).join(' ');
    if (text.trim() !== '') act(table, { text: text.trim().replace(/,$/, ''), comment });
    comment = spoken(lines.filter((line) => line.trimStart().startsWith('--')));
  }
}

function act(table: OpenTable, { text, comment }: Entry): void {
  const [, verb, what, rest = ''] = /^(ADD|DROP) (COLUMN|CONSTRAINT) ([\s\S]*)$/.exec(text) ?? [];
  if (verb === 'ADD' && what === 'COLUMN') {
    table.columns.push(parseColumn({ text: rest.replaceAll(/\s+/g, ' '), comment }));
  } else if (verb === 'DROP' && what === 'COLUMN') {
    table.columns = table.columns.filter(({ name }) => name !== rest.trim());
  } else if (verb === 'ADD') {
    table.columns = table.columns.map((column) => {
      const values = valuesIn(rest, column.name);
      return values.length === 0 ? column : { ...column, values };
    });
  } else if (verb !== 'DROP') {
    throw new Error(`infra/docs/migrations.ts does not know: ALTER TABLE ${table.name} ${text}`);
  }
}
