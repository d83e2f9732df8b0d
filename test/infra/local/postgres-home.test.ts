import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findHome, openHome, outsideDir } from '../../../infra/local/postgres-home.ts';
import { loadConfig, type Config } from '../../../src/config/config.ts';

let parent = '';
let config: Config;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'tickloom-home-'));
  const [data, artefacts] = [join(parent, 'data'), join(parent, 'artefacts')];
  for (const dir of [data, artefacts]) mkdirSync(dir);
  config = loadConfig({ TICKLOOM_DATA_DIR: data, TICKLOOM_ARTEFACTS_DIR: artefacts });
  chmodSync(parent, 0o755);
});
afterEach(() => {
  rmSync(parent, { recursive: true });
  rmSync(outsideDir(config.dataDir), { recursive: true, force: true });
});

describe.runIf(process.getuid?.() === 0)("root's PostgreSQL", () => {
  test('lives in the data directory where its user may pass, and outside where it may not', () => {
    expect(findHome(config)).toMatchObject({
      dir: join(config.dataDir, 'postgres'),
      programs: null,
    });
    chmodSync(config.dataDir, 0o700);
    expect(findHome(config).dir).toBe(outsideDir(config.dataDir));
  });

  test('that exists is used where it lies, whatever the modes', () => {
    mkdirSync(join(config.dataDir, 'postgres', 'data'), { recursive: true });
    for (const closed of [config.dataDir, parent]) {
      chmodSync(closed, 0o700);
      expect(findHome(config).dir).toBe(join(config.dataDir, 'postgres'));
    }
    expect(() => openHome(findHome(config))).toThrow(`chmod o+x ${parent}`);
    chmodSync(parent, 0o711);
    chmodSync(config.dataDir, 0o711);
    openHome(findHome(config));
  });

  test('that lies outside stays there, also once the way in is open', () => {
    mkdirSync(join(outsideDir(config.dataDir), 'data'), { recursive: true });
    expect(findHome(config).dir).toBe(outsideDir(config.dataDir));
  });
});
