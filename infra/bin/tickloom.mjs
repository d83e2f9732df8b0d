#!/usr/bin/env node
/** `npx tickloom`: loads the TypeScript of this clone as it is. */
try {
  const { register } = await import('tsx/esm/api');
  register();
} catch {
  console.error('tickloom: the packages are not installed here; run `npm ci` first.');
  process.exit(1);
}
await import('../../src/cli/main.ts');
