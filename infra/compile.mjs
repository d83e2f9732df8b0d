/**
 * the TypeScript of this clone -> JavaScript in `dist/HASH/`, file by file, and its folder
 *
 * A command starts in a fraction of the time that a loader takes. The folder is named by a hash of
 * what it was made from, so code that has changed is never mistaken for what was compiled before:
 * it is compiled again, in a second or two. What was compiled before stays: it may still run.
 * Plain JavaScript, because it runs before all other.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';

const FOLDERS = ['src', 'pipelines', 'infra'];
/** Packages of hundreds of files each: to find and read those takes longer than all else. */
const BUNDLED = ['typebox', 'typebox/compile', 'apache-arrow'];
const TARGET = { platform: 'node', target: 'node20' };
/** As esbuild writes `from "./x.ts"` and `import("./x.ts")`. */
const SPECIFIER = /\b(from |import |import\()"([^"\n]+)"/g;

/**
 * Returns the folder; `root` is the clone's. Throws with the message of esbuild where it does not
 * compile, and where the clone belongs to somebody else who has not run it yet.
 */
export async function compiled(root) {
  const files = listSources(root);
  const dist = join(root, 'dist');
  const dir = join(dist, hashSources(root, files));
  if (existsSync(dir)) return dir;
  const { build, transform } = await import('esbuild');
  const made = newFolder(dist);
  await build({
    entryPoints: Object.fromEntries(BUNDLED.map((name) => [name, name])),
    absWorkingDir: root,
    outdir: join(made, 'packages'),
    bundle: true,
    splitting: true,
    format: 'esm',
    ...TARGET,
  });
  for (const [path, text] of files) await compileFile(transform, made, path, text);
  // Whoever runs the programs need not be who compiled them.
  chmodSync(made, 0o755);
  try {
    renameSync(made, dir);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    // Another process was faster.
    if (!existsSync(dir)) throw error;
  }
  return dir;
}

function newFolder(dist) {
  try {
    mkdirSync(dist, { recursive: true });
    return mkdtempSync(join(dist, '.'));
  } catch (error) {
    const how = 'run `node infra/run.mjs` once as the owner of the clone';
    throw new Error(`the code is not compiled yet, and ${dist} cannot be written: ${how}`, {
      cause: error,
    });
  }
}

/** Every source file by its path in the clone, in order. */
function listSources(root) {
  const files = [];
  for (const folder of FOLDERS) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
      const file = join(entry.parentPath, entry.name);
      files.push([file.slice(root.length + 1), readFileSync(file, 'utf8')]);
    }
  }
  return files.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function hashSources(root, files) {
  const hash = createHash('sha256').update(process.version);
  // How and with which packages it is compiled is part of what comes out.
  hash.update(readFileSync(import.meta.filename));
  hash.update(readFileSync(join(root, 'package-lock.json')));
  for (const [path, text] of files) hash.update(`${path}\0${text}\0`);
  return hash.digest('hex').slice(0, 16);
}

async function compileFile(transform, made, path, text) {
  const file = join(made, path.replace(/ts$/, 'js'));
  mkdirSync(dirname(file), { recursive: true });
  const { code } = await transform(text, {
    loader: 'ts',
    format: 'esm',
    ...TARGET,
    sourcefile: path,
  });
  writeFileSync(
    file,
    code.replace(SPECIFIER, (_, before, name) => before + compiledName(name)),
  );
  function compiledName(name) {
    if (name.startsWith('.')) return `"${name.replace(/\.ts$/, '.js')}"`;
    if (!BUNDLED.includes(name)) return `"${name}"`;
    const there = join(relative(dirname(path), '.'), 'packages', `${name}.js`);
    return `"${there}"`;
  }
}
