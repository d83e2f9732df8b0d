/**
 * The ONNX runtime, fetched the first time a model needs it: beside the other artefacts, because a
 * hundred megabytes for every platform have no place in an installation that has no such model.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../src/config/config.ts';
import { runProgram } from './run-program.ts';

const VERSION = '1.30.0';
/** Of the two packages that are used, as the registry's own index has them. */
const INTEGRITY: Readonly<Record<string, string>> = {
  'onnxruntime-node':
    'sha512-twhs1C2C/BFkz1yc5OY0KIU2GUq6DURO7hD4bx5Q2Qy3nAMJwRXW8xU3NVczE29VA9lolLOYepoD8fjTGOfIqw==',
  'onnxruntime-common':
    'sha512-7fdVWjAID1dVhH/G8qK3APARunV4VkBFoCQAP7qp4Wkab0mrorvmc+sqiT+mKXOzDqdjN5j+/Z9nb4gzNPWcyA==',
};
// Its script would fetch what a GPU needs.
const INSTALL = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

type Where = Pick<Config, 'artefactsDir'>;

/** The package's directory, there or not. */
export const onnxRuntimeDir = ({ artefactsDir }: Where): string =>
  join(artefactsDir, `onnxruntime-${VERSION}`, 'node_modules', 'onnxruntime-node');

/** Fetches it where it is not there. Throws an error that says what to do. */
export async function fetchOnnxRuntime(
  config: Where,
  notify: (line: string) => void,
): Promise<void> {
  if (existsSync(onnxRuntimeDir(config))) return;
  notify('fetching the ONNX runtime, some hundred megabytes, this one time …');
  const home = join(config.artefactsDir, `onnxruntime-${VERSION}`);
  const aside = `${home}.part-${process.pid}`;
  mkdirSync(aside, { recursive: true });
  try {
    await writeFile(join(aside, 'package.json'), '{"private":true}');
    const requested = `onnxruntime-node@${VERSION}`;
    const { code, output } = await runProgram('npm', [...INSTALL, requested], { cwd: aside });
    if (code !== 0)
      throw new Error(`npm cannot install ${requested}: ${output.trim().slice(-500)}`);
    await checkPackages(aside);
    dropOtherPlatforms(join(aside, 'node_modules', 'onnxruntime-node', 'bin'));
    // Another process may have brought it meanwhile.
    if (!existsSync(home)) renameSync(aside, home);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** npm has checked the packages by what the registry says of them; here it is what we know. */
async function checkPackages(folder: string): Promise<void> {
  const lock = await readFile(join(folder, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(lock) as { packages: Record<string, { integrity?: string }> };
  for (const [name, expected] of Object.entries(INTEGRITY)) {
    const found = packages[`node_modules/${name}`]?.integrity ?? 'none';
    if (found !== expected) {
      throw new Error(`the registry's ${name} ${VERSION} has integrity ${found}, not ${expected}`);
    }
  }
}

function dropOtherPlatforms(bin: string): void {
  for (const api of readdirSync(bin)) {
    for (const platform of readdirSync(join(bin, api))) {
      const isOurs = platform === process.platform;
      for (const arch of readdirSync(join(bin, api, platform))) {
        if (isOurs && arch === process.arch) continue;
        rmSync(join(bin, api, platform, arch), { recursive: true });
      }
    }
  }
}
