/** A file, plain, gzipped or zipped -> its lines with their numbers, in bounded memory. */
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { readFile } from 'node:fs/promises';
import { unzipSync } from 'fflate';

export interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

/** A line of a feed file that is not what its format says. */
export class FeedFormatError extends Error {
  constructor(path: string, line: number, expected: string, text: string) {
    super(`${path}:${line}: expected ${expected}, found "${text.slice(0, 120)}"`);
    this.name = 'FeedFormatError';
  }
}

/** Lines of `path`; a name that ends in `.gz` or `.zip` is unpacked on the way. */
export async function* linesOf(path: string): AsyncGenerator<Line> {
  const input = await open(path);
  let number = 0;
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    number += 1;
    if (text !== '') yield { text, number };
  }
}

async function open(path: string): Promise<Readable> {
  if (path.endsWith('.zip')) return Readable.from(await unzipped(path));
  const file = createReadStream(path);
  if (!path.endsWith('.gz')) return file;
  const unpacked = file.pipe(createGunzip());
  file.on('error', (error) => unpacked.destroy(error));
  return unpacked;
}

/** A zip of one day is a few MB at most: its member fits in memory. */
async function unzipped(path: string): Promise<Buffer[]> {
  const members = Object.entries(unzipSync(await readFile(path)));
  const [member] = members;
  if (member === undefined || members.length > 1) {
    throw new Error(`${basename(path)} holds ${members.length} files, expected one`);
  }
  return [Buffer.from(member[1])];
}
