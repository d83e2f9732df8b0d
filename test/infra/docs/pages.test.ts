/** The pages that are made from the code, against what stands in `docs/`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withRoutes } from '../../../infra/docs/http-table.ts';
import { openApiPaths } from '../../../infra/docs/openapi.ts';
import { generatedPages, sqlSources } from '../../../infra/docs/pages.ts';
import { settingsPage } from '../../../infra/docs/settings-page.ts';
import { sqlPage } from '../../../infra/docs/sql-page.ts';
import { wirePage } from '../../../infra/docs/wire-page.ts';
import { FLOW, TOPICS } from '../../../pipelines/flow.ts';
import { PROJECT_DIR } from '../../../src/code-files.ts';
import { SETTINGS } from '../../../src/config/config.ts';

const pages = await generatedPages();
const paths = await openApiPaths();

test.each(Object.keys(pages))('%s is what the code says', (path) => {
  const isSame = readFileSync(join(PROJECT_DIR, path), 'utf8') === pages[path];
  expect(isSame, `${path} is not what the code says: run npm run docs`).toBe(true);
});

describe('nothing is left out in silence', () => {
  const setting = { type: 'text', default: null, description: 'something' };

  test('a setting in no group', () => {
    const more = [...SETTINGS, { ...setting, env: 'TICKLOOM_NEW' }];
    expect(() => settingsPage(more)).toThrow('in no group: TICKLOOM_NEW');
  });

  test('a setting that is gone', () => {
    expect(() => settingsPage(SETTINGS.slice(1))).toThrow('TICKLOOM_DATA_DIR is no setting');
  });

  test('a route that has to be told something, without an example', () => {
    const page = readFileSync(join(PROJECT_DIR, 'docs/http.md'), 'utf8');
    const { get } = paths['/v1/candles']!;
    const novel = { ...paths, '/v1/novel': { get: get! } };
    expect(() => withRoutes(page, novel)).toThrow('GET /v1/novel has no example');
    const { post } = paths['/v1/models/rollback']!;
    const written = { ...paths, '/v1/novel': { post: post! } };
    expect(() => withRoutes(page, written)).toThrow('POST /v1/novel has no example of a body');
    const { '/v1/stream': _gone, ...fewer } = paths;
    expect(() => withRoutes(page, fewer)).toThrow('not there: GET /v1/stream');
  });

  test('a topic without record kinds', () => {
    const more = [...TOPICS, { name: 'orders', key: 'account', maxMessageBytes: 1 }];
    expect(() => wirePage(more, FLOW)).toThrow('says nothing of orders');
  });

  test.each([
    ['a table', 'CREATE TABLE novel (\n  x text\n);\n', 'tables without a word: novel'],
    ['a column', 'ALTER TABLE trades ADD COLUMN novel text;\n', 'what trades.novel means'],
    ['a table that is gone', 'ALTER TABLE novel ADD COLUMN x text;\n', 'which is not there'],
    ['a column that is gone', 'ALTER TABLE trades DROP COLUMN ticket;\n', 'trades has no ticket'],
  ])('%s of PostgreSQL', (_, migration, message) => {
    const sources = sqlSources();
    const postgres = [...sources.postgres, migration];
    expect(() => sqlPage({ ...sources, postgres })).toThrow(message);
  });

  test('a column of QuestDB', () => {
    const sources = sqlSources();
    const shapes = sources.shapes.map((shape) =>
      shape.name === 'ticks'
        ? { ...shape, columns: { ...shape.columns, novel: 'double' as const } }
        : shape,
    );
    expect(() => sqlPage({ ...sources, shapes })).toThrow('what ticks.novel means');
  });
});
