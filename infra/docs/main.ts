/** `npm run docs`: writes the pages of `docs/` that are made from the code. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { generatedPages } from './pages.ts';

for (const [path, text] of Object.entries(await generatedPages())) {
  writeFileSync(join(PROJECT_DIR, path), text);
  console.log(path);
}
