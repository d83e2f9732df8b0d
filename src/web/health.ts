/** `/readyz` and the state of the event stream -> the pills of the header. */
import { h, show } from './dom.ts';
import type { LiveState } from './live.ts';

interface Ready {
  readonly checks: Readonly<Record<string, string>>;
}

const NAMES: Readonly<Record<string, string>> = {
  postgres: 'PostgreSQL',
  questdb: 'QuestDB',
  kafka: 'Kafka',
  stages: 'Stages',
};

const LIVE: Readonly<Record<LiveState, [string, string]>> = {
  live: ['live', 'pill good'],
  waiting: ['waiting for data', 'pill warn'],
  connecting: ['reconnecting', 'pill warn busy'],
  away: ['server away', 'pill bad'],
};

export async function loadHealth(live: LiveState): Promise<void> {
  const ready = await fetch('/readyz')
    .then((response) => response.json() as Promise<Ready>)
    .catch(() => null);
  const [text, className] = LIVE[ready === null ? 'away' : live];
  const checks = Object.entries(ready?.checks ?? {}).map(([name, state]) => {
    const good = state === 'ok';
    const shown = NAMES[name] ?? name;
    return h(
      'li',
      { class: `pill ${good ? 'good' : 'bad'}`, title: state },
      good ? shown : `${shown} ${name === 'stages' ? 'stand still' : 'away'}`,
    );
  });
  show('health', h('li', { class: className }, text), ...checks);
}
