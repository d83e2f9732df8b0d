/**
 * The installation's control keys, from a file of its data directory or from a setting -> what
 * signs, and what verifies.
 *
 * `control.key` is the first key, made at the first run. The first rotation writes
 * `control-keys.json`, which holds all of them from then on. Every process looks whether that file
 * is another one before it signs or verifies: so all of a data directory rotate at once. Processes
 * on other machines need the file there, or the setting.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nowUs } from '../clock.ts';
import { formatUs } from '../domain/time.ts';
import type { Control } from '../domain/wire.ts';
import {
  controlKeyId,
  verifyControl,
  type ControlKeys,
  type ControlVerdict,
} from '../stream/control-key.ts';

/** A key as people may see it. */
export interface KnownKey {
  readonly id: string;
  readonly state: 'signs' | 'verifies' | 'retired';
  /** Whether records without a key id are held against it. */
  readonly first: boolean;
  /** RFC 3339; null: it was not kept. */
  readonly made: string | null;
  readonly retired: string | null;
}

interface StoredKey {
  readonly id: string;
  /** Null once it is retired: what is gone cannot be stolen. */
  readonly secret: string | null;
  readonly first: boolean;
  readonly made: string | null;
  readonly retired: string | null;
}

const NEVER_MADE = 'none';

/** Where keys come from, and what they are now. */
export class ControlKeyring {
  private readonly dataDir: string;
  private readonly setting: string | null;
  private stored: readonly StoredKey[] = [];
  private keys: ControlKeys | null = null;
  /** Of the files that were read; another one says that they changed. */
  private seen = NEVER_MADE;

  /** `setting`: keys with commas between, the first of which signs; null: those of the directory. */
  constructor(dataDir: string, setting: string | null) {
    this.dataDir = dataDir;
    this.setting = setting;
  }

  /** What signs. Made where there is none yet. */
  current(): string {
    return this.now().current;
  }

  /** What the outbox may be sealed with: the current one first. */
  sealKeys(): readonly string[] {
    const { current, byId } = this.now();
    return [current, ...[...byId.values()].filter((key) => key !== current)];
  }

  verify(control: Control): ControlVerdict {
    return verifyControl(this.now(), control);
  }

  /** Oldest first. */
  list(): KnownKey[] {
    const { current } = this.now();
    return this.stored.map(({ secret, ...key }) => ({
      ...key,
      state: secret === null ? 'retired' : secret === current ? 'signs' : 'verifies',
    }));
  }

  /** A new key signs from here on; those before it verify on. Returns its id. */
  rotate(): string {
    this.refuseSetting();
    this.now();
    const key = storedKey(randomBytes(32).toString('hex'), { made: formatUs(nowUs()) });
    this.write([...this.stored, key]);
    return key.id;
  }

  /** Nothing that the key has signed is ours any more. Throws for the one that signs. */
  retire(id: string): void {
    const key = this.retirable(id);
    const retired = formatUs(nowUs());
    this.write(
      this.stored.map((each) => (each.id === id ? { ...each, secret: null, retired } : each)),
    );
    if (key.first) rmSync(this.firstFile, { force: true });
  }

  /** The key, or throws why it cannot be retired. */
  retirable(id: string): KnownKey {
    this.refuseSetting();
    const key = this.list().find((each) => each.id === id);
    if (key === undefined) throw new Error(`there is no key "${id}": see tickloom keys list`);
    if (key.state === 'retired') throw new Error(`key ${id} is retired already`);
    if (key.state === 'signs') {
      throw new Error(`key ${id} signs: tickloom keys rotate brings the next one first`);
    }
    return key;
  }

  private refuseSetting(): void {
    if (this.setting === null) return;
    throw new Error(
      'the keys are a setting: put a new one behind the old with a comma between in every ' +
        "process's TICKLOOM_CONTROL_KEY, then before it, then leave the old one out",
    );
  }

  private get firstFile(): string {
    return join(this.dataDir, 'control.key');
  }

  private get file(): string {
    return join(this.dataDir, 'control-keys.json');
  }

  private now(): ControlKeys {
    const mark = this.setting === null ? this.mark() : 'setting';
    if (this.keys === null || mark !== this.seen) {
      this.stored = this.setting === null ? this.read() : parseSetting(this.setting);
      this.keys = toControlKeys(this.stored, this.setting === null);
      this.seen = mark;
    }
    return this.keys;
  }

  /** Another one once the file is another one; a missing one has none. */
  private mark(): string {
    const stat = statSync(this.file, { throwIfNoEntry: false });
    return stat === undefined ? NEVER_MADE : `${stat.ino}:${stat.mtimeMs}:${stat.size}`;
  }

  private read(): readonly StoredKey[] {
    let text: string;
    try {
      text = readFileSync(this.file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return [storedKey(firstKey(this.dataDir, this.firstFile), { first: true })];
    }
    const wrong = `${this.file} is not as tickloom wrote it: restore it from a backup`;
    let found: unknown;
    try {
      found = JSON.parse(text);
    } catch {
      throw new Error(wrong);
    }
    if (!Array.isArray(found) || !found.every(isStored)) throw new Error(wrong);
    return found;
  }

  private write(keys: readonly StoredKey[]): void {
    const next = `${this.file}.new`;
    writeFileSync(next, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(next, this.file);
  }
}

const storedKey = (secret: string, { first = false, made = null as string | null }): StoredKey => ({
  id: controlKeyId(secret),
  secret,
  first,
  made,
  retired: null,
});

/** The first of a setting signs; which one is older, nobody knows. */
const parseSetting = (setting: string): StoredKey[] =>
  setting
    .split(',')
    .map((secret) => storedKey(secret, { first: true }))
    .toReversed();

function toControlKeys(stored: readonly StoredKey[], onlyFirst: boolean): ControlKeys {
  const known = stored.flatMap(({ id, secret, first }) =>
    secret === null ? [] : [{ id, secret, first }],
  );
  const newest = known.at(-1);
  if (newest === undefined) throw new Error('every control key is retired: none signs');
  return {
    current: newest.secret,
    byId: new Map(known.map(({ id, secret }) => [id, secret])),
    unnamed: known.filter(({ first }) => first || !onlyFirst).map(({ secret }) => secret),
    retired: new Set(stored.flatMap(({ id, secret }) => (secret === null ? [id] : []))),
  };
}

function isStored(value: unknown): value is StoredKey {
  const { id, secret, first } = (value ?? {}) as Partial<StoredKey>;
  const isSecret = secret === null || (typeof secret === 'string' && controlKeyId(secret) === id);
  return typeof id === 'string' && isSecret && typeof first === 'boolean';
}

/** Made at the first run, readable by its owner alone. */
function firstKey(dataDir: string, file: string): string {
  mkdirSync(dataDir, { recursive: true });
  try {
    writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}
