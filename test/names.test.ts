/** Names in plain English, read from the code itself: the words of the field, a verb for an act. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

const files = ['pipelines', 'src', 'infra', 'test']
  .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
  .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
  .filter((file) => !file.includes('fixtures') && file !== 'test/names.test.ts')
  .map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }));

/** Each file with its words that are wrong. */
const offending = (wrongIn: (text: string) => readonly string[]): string[] =>
  files.flatMap(({ file, text }) => {
    const wrong = new Set(wrongIn(text));
    return wrong.size === 0 ? [] : [`${file}: ${[...wrong].join(', ')}`];
  });

/** English of the field, or the name of somebody else's function. */
const WITH_OF: readonly RegExp[] = [
  // As it was known at a time.
  /^asOf$|AsOf$/,
  // JSON Schema and its builders.
  /^(anyOf|oneOf)$/,
  // JavaScript and vitest.
  /^(indexOf|lastIndexOf|getPrototypeOf|toBeInstanceOf)$/,
];

const namesWithOf = (text: string): string[] =>
  (text.match(/\b[a-z]\w*Of\b/g) ?? []).filter((name) => !WITH_OF.some((re) => re.test(name)));

/** Names that are stored or scraped, and so stay. */
const STORED: readonly RegExp[] = [
  // State of an operator, details of a retraining, a metric.
  /^toldTs$/,
  /^(share|gain_share|errors)_asked$/,
  /^tickloom_process_said_seconds$/,
];

/** `told`, `said` and `asked` as a part of a name; alone, where the place is one of a name. */
const NAME_OF_SPEECH =
  /\b(?:told|said|asked)(?=[A-Z_]\w*)\w*|\b\w*[a-z_](?:Told|Said|Asked|_told|_said|_asked)\w*\b|(?<![\w-])(?:told|said|asked)(?=\s*[=.([:),;}?])/g;

/** A line without its comment and the text of its strings. */
const codeOn = (line: string): string =>
  /^\s*(\*|\/\/|\/\*)/.test(line)
    ? ''
    : line.replaceAll(/'(\\.|[^'\\])*'|"(\\.|[^"\\])*"|`[^`$]*`/g, '').replace(/(?<!:)\/\/.*$/, '');

const namesOfSpeech = (text: string): string[] =>
  text
    .split('\n')
    .flatMap((line) => codeOn(line).match(NAME_OF_SPEECH) ?? [])
    .filter((name) => !STORED.some((re) => re.test(name)));

describe('names', () => {
  test('say what is done or what it is: no `xOf`', () => {
    expect(offending(namesWithOf)).toEqual([]);
    expect(namesWithOf('const lineOf = readFeaturesAsOf(x.indexOf(y))')).toEqual(['lineOf']);
  });

  test('take the word of the field for `told`, `said` and `asked`', () => {
    expect(offending(namesOfSpeech)).toEqual([]);
    const text = "const said = 'is told'; // as asked\nsend(toldMs, isAsked, { toldTs })";
    expect(namesOfSpeech(text)).toEqual(['said', 'toldMs', 'isAsked']);
  });
});
