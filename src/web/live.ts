/**
 * Server-sent events of one instrument, for as long as the page is open: the browser continues a
 * broken connection by itself with the last id, and where it gives up we begin again.
 */

/** `waiting`: there is no instrument to listen to yet. */
export type LiveState = 'waiting' | 'connecting' | 'live' | 'away';

export interface LiveHandlers {
  readonly onEvent: (type: string, data: unknown) => void;
  readonly onState: (state: LiveState) => void;
}

const TYPES = ['candle', 'prediction', 'signal', 'trade', 'model', 'reset'] as const;
const AGAIN_MS = 2_000;

/** Listens until the returned function is called. */
export function listen(
  { venue, symbol }: { venue: string; symbol: string },
  handlers: LiveHandlers,
): () => void {
  let source: EventSource | null = null;
  let timer = 0;
  const open = (): void => {
    const query = new URLSearchParams({ venue, symbol });
    const next = new EventSource(`/v1/stream?${query.toString()}`);
    source = next;
    next.addEventListener('open', () => handlers.onState('live'));
    next.addEventListener('error', () => {
      handlers.onState(next.readyState === EventSource.CLOSED ? 'away' : 'connecting');
      if (next.readyState === EventSource.CLOSED) timer = window.setTimeout(open, AGAIN_MS);
    });
    for (const type of TYPES) {
      next.addEventListener(type, (event) => {
        handlers.onEvent(type, JSON.parse((event as MessageEvent<string>).data));
      });
    }
  };
  open();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}
