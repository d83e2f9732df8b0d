/**
 * A path -> the text files in it: itself, or what is in the archive that it is. What a file is, its
 * first bytes say, not its name. Everything is read as a stream: memory stays bounded, and what
 * unpacks to very much more than it is gets refused.
 */
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { Readable, type Duplex } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { FeedFileError } from './format.ts';
import { zipMembers } from './zip.ts';

/** A text file: its name for messages, those that may say a day, and its bytes. */
export interface FeedBytes {
  readonly name: string;
  readonly fileNames: readonly string[];
  readonly bytes: AsyncIterable<Buffer>;
}

interface Kind {
  readonly magic: readonly number[];
  readonly what: string;
}

const GZIP = [0x1f, 0x8b];
const ZIP = [0x50, 0x4b];
const UTF16 = 'text in UTF-16: save it as UTF-8';
const OTHERS: readonly Kind[] = [
  { magic: [0xff, 0xfe], what: UTF16 },
  { magic: [0xfe, 0xff], what: UTF16 },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], what: 'packed with zstd: unpack it first' },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], what: 'packed with xz: unpack it first' },
  { magic: [0x42, 0x5a, 0x68], what: 'packed with bzip2: unpack it first' },
  { magic: [0x37, 0x7a, 0xbc, 0xaf], what: 'a 7z archive: unpack it first' },
  { magic: [0x50, 0x41, 0x52, 0x31], what: 'Parquet: export it as CSV' },
];
const NESTED: readonly Kind[] = [
  { magic: GZIP, what: 'packed once more: unpack it first' },
  { magic: [...ZIP, 0x03, 0x04], what: 'a zip in an archive: unpack it first' },
];

const beginsWith = (head: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, i) => head[i] === byte);

/** In the order of the names where it is a zip. Throws `FeedFileError`. */
export async function* textsIn(path: string): AsyncGenerator<FeedBytes> {
  const own = basename(path);
  const { head, bytes, close } = await peeked(namingFile(createReadStream(path), path));
  if (beginsWith(head, ZIP)) {
    await close();
    for (const member of await zipMembers(path)) {
      const name = `${path}/${member.name}`;
      const unpacked = bounded(namingFile(member.open(), name), name, member.packedBytes);
      yield { name, fileNames: [own, basename(member.name)], bytes: await plain(unpacked, name) };
    }
    return;
  }
  const fileNames = [own];
  if (!beginsWith(head, GZIP)) {
    await refuseOthers(head, path, OTHERS, close);
    yield { name: path, fileNames, bytes };
    return;
  }
  let packed = 0;
  const pump = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of bytes) {
      packed += chunk.length;
      yield chunk;
    }
  };
  const unpacked = namingFile(piped(pump(), createGunzip()), path);
  yield {
    name: path,
    fileNames,
    bytes: await plain(
      bounded(unpacked, path, () => packed),
      path,
    ),
  };
}

async function plain(bytes: AsyncIterable<Buffer>, name: string): Promise<AsyncIterable<Buffer>> {
  const { head, bytes: all, close } = await peeked(bytes);
  await refuseOthers(head, name, [...OTHERS, ...NESTED], close);
  return all;
}

async function refuseOthers(
  head: Uint8Array,
  name: string,
  others: readonly Kind[],
  close: () => Promise<void>,
): Promise<void> {
  const kind = others.find(({ magic }) => beginsWith(head, magic));
  if (kind === undefined) return;
  await close();
  throw new FeedFileError(`${name} is ${kind.what}`);
}

interface Peeked {
  readonly head: Uint8Array;
  readonly bytes: AsyncIterable<Buffer>;
  /** Where the bytes are not read on. */
  readonly close: () => Promise<void>;
}

/** The first bytes, and all of them again as a stream. */
async function peeked(bytes: AsyncIterable<Buffer>): Promise<Peeked> {
  const source = bytes[Symbol.asyncIterator]();
  const first: Buffer[] = [];
  let length = 0;
  while (length < 8) {
    const next = await source.next();
    if (next.done === true) break;
    first.push(next.value);
    length += next.value.length;
  }
  const again = async function* (): AsyncGenerator<Buffer> {
    try {
      yield* first;
      for (let next = await source.next(); next.done !== true; next = await source.next()) {
        yield next.value;
      }
    } finally {
      await close();
    }
  };
  const close = async (): Promise<void> => void (await source.return?.());
  return { head: Buffer.concat(first).subarray(0, 8), bytes: again(), close };
}

async function* piped(from: AsyncIterable<Buffer>, through: Duplex): AsyncGenerator<Buffer> {
  const source = Readable.from(from);
  source.on('error', (error) => through.destroy(error));
  source.pipe(through);
  try {
    yield* through as AsyncIterable<Buffer>;
  } finally {
    source.destroy();
  }
}

/** Errors of reading and unpacking name their file. */
async function* namingFile(bytes: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  try {
    yield* bytes;
  } catch (error) {
    if (error instanceof FeedFileError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new FeedFileError(`${name} ${FAULTS[code] ?? `cannot be read: ${message}`}`, {
      cause: error,
    });
  }
}

const FAULTS: Readonly<Record<string, string>> = {
  EISDIR: 'is a folder: name its files',
  ENOENT: 'is not there',
  EACCES: 'may not be read',
  Z_BUF_ERROR: 'is cut off: it ends before its packed data do. Get it again',
  Z_DATA_ERROR: 'is damaged: its packed data do not unpack. Get it again',
};

/** Recordings pack 5 to 50 times; only what is made for it packs 1000 times. */
const RATIO_MAX = 200;
const FREE_BYTES = 16 * 1024 * 1024;

async function* bounded(
  bytes: AsyncIterable<Buffer>,
  name: string,
  packedBytes: () => number,
): AsyncGenerator<Buffer> {
  let unpacked = 0;
  for await (const chunk of bytes) {
    unpacked += chunk.length;
    if (unpacked > FREE_BYTES + RATIO_MAX * packedBytes()) {
      throw new FeedFileError(
        `${name} unpacks to more than ${RATIO_MAX} times its size, as no recording does: refused. ` +
          'Unpack it first if it is right',
      );
    }
    yield chunk;
  }
}
