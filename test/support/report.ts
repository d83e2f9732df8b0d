/** What a program of proofs leaves for `test/run.ts` to count: the shape of Vitest's report. */
import { writeFileSync } from 'node:fs';

export interface ProofResult {
  readonly status: 'passed' | 'failed';
  readonly fullName: string;
}

/** Writes the report where one is wanted, says the counts, and returns the exit code. */
export function report(results: readonly ProofResult[], file: string | undefined): number {
  const failed = results.filter(({ status }) => status === 'failed').length;
  if (file !== undefined) {
    writeFileSync(file, JSON.stringify({ testResults: [{ assertionResults: results }] }));
  }
  console.log(`\n${results.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
