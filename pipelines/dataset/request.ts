/** What can be requested of a training set, by flags and over HTTP, and what cannot. */
import { parseLabelSpec } from '../../src/domain/label-spec.ts';
import { parseDurationUs, parseUs } from '../../src/domain/time.ts';
import { parseInstrumentKey } from '../../src/domain/wire.ts';
import type { DatasetDefinition } from './definition.ts';

/** As flags and as the body of a request have it; what is left out has its default. */
export interface DatasetRequest {
  /** Names of feature sets; `default` where there are none. */
  readonly features?: readonly string[];
  /** `none` for a set without outcomes; the one that is predicted by default. */
  readonly label?: string;
  readonly from?: string;
  readonly to?: string;
  readonly as_of?: string;
  /** `venue:symbol`; all that are stored by default. */
  readonly symbols?: readonly string[];
  readonly known?: DatasetDefinition['known'];
  readonly keep?: DatasetDefinition['keep'];
  readonly max_age?: string;
}

/** What is requested cannot be; the message says what to change. */
export class RequestError extends Error {
  override readonly name = 'AskError';
}

/** Throws a `RequestError` for what can be seen without the tables. */
export function checkRequest(request: DatasetRequest, hasEntities: boolean): void {
  const { from, to, label, known, max_age: maxAge } = request;
  try {
    if (label !== undefined && label !== 'none') parseLabelSpec(label);
    if (maxAge !== undefined) parseDurationUs(maxAge);
    if (request.as_of !== undefined) parseUs(request.as_of);
    for (const key of request.symbols ?? []) {
      if (parseInstrumentKey(key) === null) throw new RangeError(`"${key}" is not venue:symbol`);
    }
    if (hasEntities) {
      if (from !== undefined || to !== undefined || request.symbols !== undefined) {
        throw new RangeError('requests of your own say which rows: leave from, to, symbols out');
      }
      return;
    }
    if (from === undefined || to === undefined) throw new RangeError('from and to are needed');
    if (parseUs(from) >= parseUs(to)) throw new RangeError(`from ${from} is not before to ${to}`);
    if (known === 'request') throw new RangeError('known=request is for requests of your own');
  } catch (error) {
    throw new RequestError((error as Error).message, { cause: error });
  }
}
