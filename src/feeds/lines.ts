/**
 * Bytes of a text file -> its lines with their numbers, in bounded memory. Lines end with LF, CR LF
 * or CR; a byte order mark of UTF-8 is no part of the first.
 */
import { StringDecoder } from 'node:string_decoder';
import { FeedFileError } from './format.ts';

export interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

const MARK = '\uFEFF';

/** No line of a feed comes near: a record of the wire has 900 KiB at most. */
const LINE_MAX = 4 * 1024 * 1024;

/** Lines that are not empty. `name` is for messages. */
export async function* splitLines(
  bytes: AsyncIterable<Buffer>,
  name: string,
): AsyncGenerator<Line> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let held = '';
  let number = 0;
  for await (const chunk of bytes) {
    let text = held + decoder.write(chunk);
    if (number === 0 && rest === '' && text.startsWith(MARK)) text = text.slice(MARK.length);
    // A CR at the end may be the first half of CR LF.
    held = text.endsWith('\r') ? '\r' : '';
    const lines = text.slice(0, text.length - held.length).split(/\r\n|\n|\r/);
    const last = lines.pop() ?? '';
    if (lines.length > 0) {
      lines[0] = rest + (lines[0] ?? '');
      rest = '';
    }
    rest += last;
    if (rest.length > LINE_MAX) {
      const at = `${name}:${number + lines.length + 1}`;
      throw new FeedFileError(`${at}: a line of more than 4 MiB: this is no such file`);
    }
    for (const line of lines) {
      number += 1;
      if (line !== '') yield { text: line, number };
    }
  }
  const last = rest + decoder.end();
  if (last !== '') yield { text: last, number: number + 1 };
}
