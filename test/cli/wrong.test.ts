/** Wrong words are refused before any server is asked, in one line that says what is wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeProgram } from '../../src/cli/program.ts';
import { runWords } from '../support/run-words.ts';

const dir = mkdtempSync(join(tmpdir(), 'tickloom-wrong-'));
const file = join(dir, 'file');
writeFileSync(file, '');
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const DAY = ['--from', '2014-05-01', '--to', '2014-05-02'];
const MARKET = ['feed', 'synthetic', '--from', '2026-01-01', '--to', '2026-01-02'];

test.each<[words: string[], code: number, output: RegExp | string]>([
  [['flow', 'wait', '--timeout', 'soon'], 2, '--timeout: "soon" is not a duration'],
  [['flow', 'wait', '--timeout', `${'9'.repeat(20)}d`], 2, 'too long a duration'],
  [['dataset', 'statistics', '--label', 'nope'], 2, '--label: "nope" is not a label spec'],
  [['jobs', 'list', '--limit', 'nope'], 2, 'It is a number from 1 to 999999'],
  [['jobs', 'list', '--state', 'nope'], 2, 'Allowed choices are due, running'],
  [['jobs', 'list', '--job', 'nope'], 2, /Allowed choices are .*training/],
  [['curate', 'clean', '--keep', 'ticks=0d'], 2, 'ticks=0d would keep nothing'],
  [['curate', 'describe', file], 2, 'is neither "trades" nor "labels" nor the directory'],
  [['curate', 'describe', 'trades', '--by', 'moon'], 2, 'Allowed choices are account, symbol'],
  [['curate', 'describe', 'labels', '--by', 'bot'], 2, '--by bot is of trades; labels have symbol'],
  [['curate', 'months', 'labels', '--account', 'a'], 2, '--account is of trades'],
  [['curate', 'months', 'trades', '--days', '0'], 2, '--days 0 is not a whole number of days'],
  [['curate', 'months', 'moon'], 2, 'Allowed choices are trades, labels'],
  [[...MARKET, '--symbols', 'A/USD', '--seed', ''], 2, '--seed "" is no whole number'],
  [[...MARKET, '--symbols', 'A/USD', '--seed', '0x10'], 2, 'no whole number'],
  [[...MARKET, '--symbols', 'A/USD', '--seed', '1', '--rate', '0x10'], 2, '--rate "0x10" is no'],
  [[...MARKET, '--symbols', '', '--seed', '1'], 2, '--symbols "" is not'],
  [[...MARKET, '--symbols', 'A/USD', '--seed', '1', '--venue', ''], 2, '--venue "" is not'],
  [['feed', 'check', file, '--format', 'ndjson', '--venue', ''], 2, '--venue "" is not'],
  [['models', 'register', join(dir, 'none'), '--dataset', 'x'], 1, 'there is no file "'],
  [['dead-letters', 'list', '--topic', 'nope'], 2, '"nope" is no topic'],
  [['dead-letters', 'resend', '--all', '--topic', 'nope'], 2, '"nope" is no topic'],
  [['keys', 'rotate', '--why', 'x'], 2, 'Say in a few words why'],
  [['dataset', 'build', ...DAY, '--out', `${file}/out`], 1, `${file}" is no directory`],
  [['dataset', 'pull', 'x', '--out', dir], 1, 'exists already'],
  [['curate', 'export', '--csv', `${file}/a/b.csv`], 1, `${file}" is no directory`],
])('%j', async (words, code, output) => {
  const found = await runWords(words);
  expect(found.output).toMatch(output);
  expect(found.output.split('\n')).toHaveLength(1);
  expect(found.code).toBe(code);
});

test('a word is said back short and on one line, whatever it is', async () => {
  const long = await runWords(['curate', 'model', `--symbol=${'x'.repeat(5_000)}`]);
  expect(long.output).toMatch(/^tickloom: "x{200}… \(5000 characters\)" is not of the form/);
  const broken = await runWords(['jobs', 'show', '1\n\u001b[31m2']);
  expect(broken.output).toContain("'1\\n\\u001b[31m2' is invalid");
  expect(broken.output.split('\n')).toHaveLength(1);
});

test('--help names each option once', async () => {
  const program = await makeProgram();
  for (const noun of program.commands) {
    for (const command of [noun, ...noun.commands]) {
      const found = command.helpInformation().match(/^ +--json /gm);
      expect([command.name(), found?.length]).toEqual([command.name(), 1]);
    }
  }
});
