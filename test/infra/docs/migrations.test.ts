/** Migrations -> tables. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseTables } from '../../../infra/docs/migrations.ts';
import { EMPTY } from '../../../infra/docs/postgres-meanings.ts';
import { VIEWS } from '../../../infra/docs/postgres-views.ts';
import { QUESTDB_EMPTY } from '../../../infra/docs/table-records.ts';
import { sqlSources } from '../../../infra/docs/pages.ts';
import { PROJECT_DIR } from '../../../src/code-files.ts';

const FIRST = `-- About the file.

-- About the table; it ends with a mark;
CREATE TABLE pets (
  -- Who it is,
  -- to others.
  name text PRIMARY KEY,
  weight double precision,
  kind text NOT NULL DEFAULT 'cat'
    CHECK (kind IN ('cat', 'dog')),
  CHECK (weight > 0)
);
CREATE INDEX pets_kind ON pets (kind);

CREATE TABLE visits (
  visit_id bigserial,
  pet text NOT NULL,
  PRIMARY KEY (visit_id, pet)
);
`;

const SECOND = `ALTER TABLE pets
  -- In years.
  ADD COLUMN age integer,
  ADD COLUMN note text NOT NULL DEFAULT '',
  DROP CONSTRAINT pets_kind_check,
  ADD CONSTRAINT pets_kind_check CHECK (kind IN ('cat', 'dog', 'fish'));
ALTER TABLE visits DROP COLUMN pet;
`;

const plain = { isNullable: false, values: [], comment: '' };

describe('tables that migrations make', () => {
  test('columns, comments, values and keys', () => {
    expect(parseTables([FIRST])).toEqual([
      {
        name: 'pets',
        comment: 'About the table; it ends with a mark;',
        key: ['name'],
        columns: [
          { ...plain, name: 'name', type: 'text', comment: 'Who it is, to others.' },
          { ...plain, name: 'weight', type: 'double precision', isNullable: true },
          { ...plain, name: 'kind', type: 'text', values: ['cat', 'dog'] },
        ],
      },
      {
        name: 'visits',
        comment: '',
        key: ['visit_id', 'pet'],
        columns: [
          { ...plain, name: 'visit_id', type: 'bigint' },
          { ...plain, name: 'pet', type: 'text' },
        ],
      },
    ]);
  });

  test('later ones change them', () => {
    const [pets, visits] = parseTables([FIRST, SECOND]);
    expect(pets?.columns.slice(2)).toEqual([
      { ...plain, name: 'kind', type: 'text', values: ['cat', 'dog', 'fish'] },
      { ...plain, name: 'age', type: 'integer', isNullable: true, comment: 'In years.' },
      { ...plain, name: 'note', type: 'text' },
    ]);
    expect(visits?.columns.map(({ name }) => name)).toEqual(['visit_id']);
  });

  test.each([
    ['DROP TABLE pets;\n', 'does not know: DROP TABLE pets'],
    ['ALTER TABLE pets RENAME TO animals;\n', 'ALTER TABLE pets RENAME TO animals'],
    ['CREATE TABLE a (\n  x text\n)\n', 'has no end'],
  ])('what is not understood is refused: %s', (statement, message) => {
    expect(() => parseTables([FIRST, statement])).toThrow(message);
  });
});

const programs = ['src', 'pipelines'].flatMap((folder) =>
  readdirSync(join(PROJECT_DIR, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name)),
);

/** The programs that name it, those aside that define it. */
const findUsers = (word: string, definition: RegExp): string[] =>
  programs.filter(
    (file) =>
      !definition.test(file) && new RegExp(`\\b${word}\\b`).test(readFileSync(file, 'utf8')),
  );

test.each(EMPTY)('%s is empty: no program names it', (name) => {
  expect(findUsers(name, /^$/)).toEqual([]);
});

test.each(QUESTDB_EMPTY)('%s is empty: no program writes it', (name) => {
  const word = name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  expect(findUsers(word, /questdb\/tables\/(system-metrics|schema)\.ts$/)).toEqual([]);
});

test.each(Object.entries(VIEWS))(
  'view %s has the columns that its statement names',
  (name, view) => {
    const text = sqlSources().postgres.join('\n');
    const statement = new RegExp(`CREATE VIEW ${name} AS\\n([\\s\\S]*?);\\n`).exec(text)?.[1] ?? '';
    const columns =
      'columns' in view ? Object.keys(view.columns) : [`* FROM ${view.sameColumnsAs}`];
    expect(columns.filter((column) => !statement.includes(column))).toEqual([]);
  },
);
