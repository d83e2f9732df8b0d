/** `/readyz`, the state of the event stream and what is missing -> the pills of the header. */
import { nowMs } from '../clock.ts';
import { h, show } from './dom.ts';
import { seconds } from './format.ts';
import type { LiveState } from './live.ts';

interface Ready {
  readonly checks: Readonly<Record<string, string>>;
}

export interface PageState {
  readonly live: LiveState;
  /** Event time of the newest that is shown. */
  readonly newest: string | null;
  /** What could not be loaded, and why. */
  readonly troubles: ReadonlyMap<string, string>;
}

const NAMES: Readonly<Record<string, string>> = {
  postgres: 'PostgreSQL',
  questdb: 'QuestDB',
  kafka: 'Kafka',
  redis: 'Redis',
  stages: 'Stages',
};

const LIVE: Readonly<Record<LiveState, [string, string]>> = {
  live: ['live', 'pill good'],
  waiting: ['waiting for data', 'pill warn'],
  connecting: ['reconnecting', 'pill warn busy'],
  away: ['server away', 'pill bad'],
};

/** Data older than this is of its own day, not of now. */
const LIVE_S = 15 * 60;

/** What the stream is, and its colour: a market of 2014 is not live, however well it is heard. */
export function liveText(live: LiveState, newest: string | null, nowS: number): [string, string] {
  if (live !== 'live') return LIVE[live];
  if (newest === null) return LIVE.waiting;
  if (nowS - seconds(newest) < LIVE_S) return LIVE.live;
  return [`data of ${newest.slice(0, 10)}`, 'pill'];
}

/** What a check says that is not `ok`, in a word or two; the whole sentence is its title. */
export function troubleText(name: string, state: string): string {
  const shown = NAMES[name] ?? name;
  if (name === 'stages') return `${shown} stand still`;
  return /away|ECONN|ENOTFOUND|ETIMEDOUT|no answer|terminated/i.test(state)
    ? `${shown} away`
    : `${shown} in trouble`;
}

export async function loadHealth({ live, newest, troubles }: PageState): Promise<void> {
  const ready = await fetch('/readyz')
    .then((response) => response.json() as Promise<Ready>)
    .catch(() => null);
  const [text, className] = liveText(ready === null ? 'away' : live, newest, nowMs() / 1000);
  const checks = Object.entries(ready?.checks ?? {}).map(([name, state]) => {
    const good = state === 'ok';
    const shown = good ? (NAMES[name] ?? name) : troubleText(name, state);
    return h('li', { class: `pill ${good ? 'good' : 'bad'}`, title: state }, shown);
  });
  const missing = [...troubles].map(([name, why]) =>
    h('li', { class: 'pill bad', title: why }, `${name} not loaded`),
  );
  show('health', h('li', { class: className }, text), ...checks, ...missing);
}
