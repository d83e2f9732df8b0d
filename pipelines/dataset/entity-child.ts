/**
 * The child that reads the user's own requests from a CSV or Parquet file.
 *
 * Arguments: the file under a plain name, alone in its directory, and its own name for messages.
 * Input: the instruments that a symbol without a venue may mean.
 */
import { answerWithin } from '../../src/files/bounded-child.ts';
import type { Instrument } from '../../src/questdb/table.ts';
import { readEntities } from './entity-reader.ts';

await answerWithin((input, [file = '', name = '']) =>
  readEntities(file, name, JSON.parse(input.toString('utf8')) as Instrument[]),
);
