/**
 * The members of a zip by its directory, in the order of their names: what computers add for
 * themselves (folders, resource forks, .DS_Store) left out. Nothing is written anywhere, so names
 * that point elsewhere can do no harm.
 */
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { FeedFileError } from './format.ts';

export interface ZipMember {
  readonly name: string;
  readonly packedBytes: () => number;
  readonly open: () => AsyncGenerator<Buffer>;
}

const END = 0x06054b50;
const END_64_PLACE = 0x07064b50;
const ENTRY = 0x02014b50;
const END_BYTES = 22;
const COMMENT_MAX = 0xffff;
const DIRECTORY_MAX = 64 * 1024 * 1024;
const UNKNOWN = 0xffffffff;
const ENCRYPTED = 1;
const STORED = 0;
const DEFLATED = 8;

/** Throws `FeedFileError` for what cannot be read as a zip. */
export async function zipMembers(path: string): Promise<ZipMember[]> {
  const file = await open(path);
  try {
    const members = parseEntries(path, await readDirectory(path, file)).filter(
      ({ name }) => !isSystems(name),
    );
    if (members.length === 0) throw new FeedFileError(`${path} holds no file`);
    if (members.some(({ name }) => name === '[Content_Types].xml')) {
      throw new FeedFileError(`${path} is a document of an office program: export it as CSV`);
    }
    return members
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((entry) => ({
        name: entry.name,
        packedBytes: () => entry.packed,
        open: () => readEntry(path, entry),
      }));
  } finally {
    await file.close();
  }
}

const isSystems = (name: string): boolean =>
  name.endsWith('/') ||
  name.startsWith('__MACOSX/') ||
  /^(\._.*|\.DS_Store|Thumbs\.db|desktop\.ini)$/i.test(basename(name));

async function readDirectory(path: string, file: FileHandle): Promise<Buffer> {
  const { size } = await file.stat();
  const tailAt = Math.max(0, size - END_BYTES - COMMENT_MAX);
  const tail = await read(file, tailAt, size - tailAt);
  let at = tail.length - END_BYTES;
  while (at >= 0 && tail.readUInt32LE(at) !== END) at -= 1;
  if (at < 0) throw new FeedFileError(`${path} is a cut off or damaged zip: get it again`);
  let [bytes, from] = [tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)];
  if (at >= 20 && tail.readUInt32LE(at - 20) === END_64_PLACE) {
    const end = await read(file, Number(tail.readBigUInt64LE(at - 12)), 56);
    if (end.length === 56) {
      [bytes, from] = [Number(end.readBigUInt64LE(40)), Number(end.readBigUInt64LE(48))];
    }
  }
  if (bytes > DIRECTORY_MAX) throw new FeedFileError(`${path} holds too many files`);
  const directory = await read(file, from, bytes);
  if (directory.length === bytes) return directory;
  throw new FeedFileError(`${path} is a cut off or damaged zip: get it again`);
}

async function read(file: FileHandle, from: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await file.read(buffer, 0, bytes, from);
  return buffer.subarray(0, bytesRead);
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly crc: number;
  readonly packed: number;
  readonly headerAt: number;
}

function parseEntries(path: string, directory: Buffer): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at + 46 <= directory.length;) {
    if (directory.readUInt32LE(at) !== ENTRY) break;
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
    const unpacked = directory.readUInt32LE(at + 24);
    const large = largeSizes(directory.subarray(nameEnd, extraEnd));
    if (unpacked === UNKNOWN) large.shift();
    const packed = directory.readUInt32LE(at + 20);
    const headerAt = directory.readUInt32LE(at + 42);
    entries.push({
      name: directory.toString('utf8', at + 46, nameEnd).replaceAll('\\', '/'),
      method: directory.readUInt16LE(at + 10),
      isEncrypted: (directory.readUInt16LE(at + 8) & ENCRYPTED) !== 0,
      crc: directory.readUInt32LE(at + 16),
      packed: packed === UNKNOWN ? (large.shift() ?? packed) : packed,
      headerAt: headerAt === UNKNOWN ? (large.shift() ?? headerAt) : headerAt,
    });
    at = extraEnd + directory.readUInt16LE(at + 32);
  }
  if (entries.length > 0) return entries;
  throw new FeedFileError(`${path} is a damaged zip: it lists no files`);
}

/** Sizes that four bytes do not hold, in the order of the fields that say so. */
function largeSizes(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1) {
      const sizes: number[] = [];
      for (let i = at + 4; i + 8 <= Math.min(end, extra.length); i += 8) {
        sizes.push(Number(extra.readBigUInt64LE(i)));
      }
      return sizes;
    }
    at = end;
  }
  return [];
}

async function* readEntry(path: string, entry: Entry): AsyncGenerator<Buffer> {
  const name = `${path}/${entry.name}`;
  if (entry.isEncrypted) throw new FeedFileError(`${name} is encrypted: unpack it first`);
  if (entry.method !== STORED && entry.method !== DEFLATED) {
    throw new FeedFileError(`${name} is packed in an unusual way: unpack it first`);
  }
  const from = await dataAt(path, entry);
  if (entry.packed === 0) return;
  const packed = createReadStream(path, { start: from, end: from + entry.packed - 1 });
  const data =
    entry.method === STORED ? packed : pipeline(packed, createInflateRaw(), () => undefined);
  let crc = 0;
  for await (const chunk of data as AsyncIterable<Buffer>) {
    crc = crc32(chunk, crc);
    yield chunk;
  }
  if (crc !== entry.crc) {
    throw new FeedFileError(`${name} is damaged: its check sum is another. Get it again`);
  }
}

async function dataAt(path: string, { headerAt }: Entry): Promise<number> {
  const file = await open(path);
  try {
    const header = await read(file, headerAt, 30);
    if (header.length < 30) throw new FeedFileError(`${path} is a cut off zip: get it again`);
    return headerAt + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  } finally {
    await file.close();
  }
}
