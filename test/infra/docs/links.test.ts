/** Pages written by hand: the files, links and stages that they name are there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withFlow } from '../../../infra/docs/flow-table.ts';
import { FLOW } from '../../../pipelines/flow.ts';
import { PROJECT_DIR } from '../../../src/code-files.ts';

const readText = (page: string): string => readFileSync(join(PROJECT_DIR, page), 'utf8');
const inDocs = readdirSync(join(PROJECT_DIR, 'docs')).filter((name) => name.endsWith('.md'));
const pages = ['README.md', 'CONTRIBUTING.md', ...inDocs.map((name) => `docs/${name}`)].filter(
  (page) => existsSync(join(PROJECT_DIR, page)),
);

/** As GitHub makes them of headings. */
const headingAnchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');

function anchorsIn(page: string): string[] {
  return [...readText(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    headingAnchor(heading),
  );
}

test.each(pages)('links of %s lead somewhere', (page) => {
  const links = [...readText(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  const broken = links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : join(page, '..', path);
    if (!existsSync(join(PROJECT_DIR, target))) return true;
    return anchor !== undefined && !anchorsIn(target).includes(anchor);
  });
  expect(broken).toEqual([]);
});

describe('README.md', () => {
  test('is read in minutes: at most 7 KB', () => {
    expect(Buffer.byteLength(readText('README.md'))).toBeLessThanOrEqual(7 * 1024);
  });

  test.each(inDocs)('leads to docs/%s', (name) => {
    expect(readText('README.md')).toContain(`](docs/${name})`);
  });
});

const PATH = /`((?:pipelines|src|infra|sql|test|docs|examples)\/[\w./-]*)`/g;

test.each(pages)('files that %s names are there', (page) => {
  const paths = [...readText(page).matchAll(PATH)].map(([, path = '']) => path);
  expect(paths.filter((path) => !existsSync(join(PROJECT_DIR, path)))).toEqual([]);
});

describe('docs/architecture.md', () => {
  const arrows = readText('docs/architecture.md').split('<!-- end of flow -->')[1] ?? '';

  test.each(FLOW.map(({ name, file }) => [name, file]))(
    '%s has its file in an arrow',
    (_, file) => {
      expect(arrows).toContain(`\`${file}\``);
    },
  );

  test('says where its table begins and ends', () => {
    expect(() => withFlow('# Architecture\n', FLOW)).toThrow('docs/architecture.md has no');
  });
});
