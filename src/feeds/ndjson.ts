/** The wire format, one record a line: a tick, or a frame of ticks. Heartbeats are left out. */
import { isTickKind } from '../stream/check-tick.ts';
import type { FeedFormat, Parsed } from './format.ts';

export const ndjson: FeedFormat = async function* ({ lines }) {
  for await (const { text, number: line } of lines) {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (error) {
      const reason = `expected JSON: ${(error as Error).message.slice(0, 100)}`;
      yield { line, column: null, reason, found: text };
      continue;
    }
    const entries = Array.isArray(json) ? (json as unknown[]) : [json];
    if (entries.length === 0) {
      yield { line, column: null, reason: 'a frame holds at least one tick', found: text };
    }
    for (const entry of entries) {
      const parsed = parseEntry(line, entry);
      if (parsed !== null) yield parsed;
    }
  }
};

function parseEntry(line: number, entry: unknown): Parsed | null {
  const found = JSON.stringify(entry);
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    return { line, column: null, reason: 'expected a trade or quote, an object', found };
  }
  const { kind, ts } = entry as { kind?: unknown; ts?: unknown };
  if (kind === 'heartbeat') return null;
  if (!isTickKind(kind)) {
    const what = kind === undefined ? 'there is no "kind"' : `its kind is ${JSON.stringify(kind)}`;
    return { line, column: 'kind', reason: `expected a trade or quote: ${what}`, found };
  }
  const time = { column: 'ts', found: String(ts) };
  return { line, kind, entry: entry as Record<string, unknown>, receivedUs: null, time };
}
