/** The recorded sample that comes with the project: which files, of what. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface Sample {
  readonly paths: readonly string[];
  readonly format: string;
  readonly venue: string;
  readonly symbol: string;
}

export function sampleFiles(dir: string): Sample {
  const folder = join(dir, 'oanda-eurusd');
  const paths = readdirSync(folder)
    .filter((name) => name.endsWith('_quote.zip'))
    .toSorted()
    .map((name) => join(folder, name));
  return { paths, format: 'lean-quote', venue: 'oanda', symbol: 'EUR/USD' };
}
