/**
 * The code -> the pages of `docs/` that are made from it: path -> text. `npm run docs` writes them;
 * a unit test compares them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FLOW, TOPICS } from '../../pipelines/flow.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { SETTINGS } from '../../src/config/config.ts';
import { FEATURES } from '../../src/features/definition.ts';
import { questTables } from '../../src/questdb/tables/schema.ts';
import { asyncApi } from './asyncapi.ts';
import { withFlow } from './flow-table.ts';
import { withRoutes } from './http-table.ts';
import { openApiPaths } from './openapi.ts';
import { settingsPage } from './settings-page.ts';
import { sqlPage, type SqlSources } from './sql-page.ts';
import { wirePage } from './wire-page.ts';

export async function generatedPages(): Promise<Readonly<Record<string, string>>> {
  const { version } = JSON.parse(readText('package.json')) as { version: string };
  return {
    'docs/architecture.md': withFlow(readText('docs/architecture.md'), FLOW),
    'docs/asyncapi.json': asyncApi({ version, topics: TOPICS, flow: FLOW }),
    'docs/http.md': withRoutes(readText('docs/http.md'), await openApiPaths()),
    'docs/settings.md': settingsPage(SETTINGS),
    'docs/sql.md': sqlPage(sqlSources()),
    'docs/wire.md': wirePage(TOPICS, FLOW),
  };
}

export function sqlSources(): SqlSources {
  const questdb = filesIn('sql/questdb', '.sql');
  const postgres = filesIn('sql/postgres', '.up.sql');
  return {
    questdb: Object.fromEntries(questdb),
    postgres: postgres.map(([, text]) => text),
    shapes: questTables([]),
    features: FEATURES,
  };
}

const readText = (file: string): string => readFileSync(join(PROJECT_DIR, file), 'utf8');

/** Name without its ending -> text, in the order of the names. */
const filesIn = (folder: string, ending: string): [string, string][] =>
  readdirSync(join(PROJECT_DIR, folder))
    .filter((name) => name.endsWith(ending))
    .toSorted()
    .map((name) => [name.slice(0, -ending.length), readText(`${folder}/${name}`)]);
