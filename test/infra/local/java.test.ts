import { expect, test } from 'vitest';
import { parseJavaMajor, withoutJava } from '../../../infra/local/java.ts';

test.each([
  ['openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment', 17],
  ['java version "1.8.0_392"\nJava(TM) SE Runtime Environment', 8],
  ['openjdk version "21" 2023-09-19', 21],
  ['openjdk version "25-ea" 2025-09-16', 25],
  ['Picked up JAVA_TOOL_OPTIONS: -Dx="1"\nopenjdk version "11.0.2" 2019-01-15', 11],
])('the major version of %j is %i', (output, major) => {
  expect(parseJavaMajor(output)).toBe(major);
});

test('what does not tell a version is no version', () => {
  expect(
    parseJavaMajor('The operation couldn’t be completed. Unable to locate a Java Runtime.'),
  ).toBe(null);
});

test('without Java the message says what to install, and with Docker what else there is', () => {
  const problem = 'there is no `java` on the PATH';
  expect(withoutJava(problem, false)).toContain('apt-get install openjdk-17-jdk-headless maven');
  expect(withoutJava(problem, false)).not.toContain('docker compose up');
  expect(withoutJava(problem, true)).toContain('docker compose up');
  for (const docker of [true, false]) expect(withoutJava(problem, docker)).toContain('JDK >= 17');
});
