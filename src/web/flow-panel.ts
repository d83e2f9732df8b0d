/** The graph with lag, the jobs' last runs, open errors and data quality -> the flow panel. */
import {
  get,
  list,
  type Alert,
  type ErrorItem,
  type Flow,
  type FlowNode,
  type NewestRun,
  type QualityCount,
} from './api.ts';
import { h, show } from './dom.ts';
import { count, dateTime } from './format.ts';

export async function loadFlow(): Promise<void> {
  const [flow, jobs, alerts, errors, quality] = await Promise.all([
    get<Flow>('flow'),
    list<NewestRun>('jobs/newest'),
    list<Alert>('alerts', { state: 'open', limit: 5 }),
    list<ErrorItem>('errors', { state: 'open', limit: 5 }),
    list<QualityCount>('quality/counts'),
  ]);
  const lag = flow.nodes.reduce((sum, node) => sum + (node.lag ?? 0), 0);
  const kafka = `Kafka does not answer: ${flow.kafka}`;
  show('flow-sum', flow.kafka === 'ok' ? `${count(lag)} records behind in all` : kafka);
  const ends = new Map(flow.topics.map(({ topic, end }) => [topic, end]));
  const nodes = flow.nodes.map((node) => card(node, ends));
  show(
    'flow',
    h('ul', { class: 'nodes' }, ...nodes),
    h(
      'div',
      { class: 'columns' },
      topicTable(flow.topics),
      jobTable(jobs),
      alertTable(alerts),
      errorTable(errors),
      qualityTable(quality),
    ),
  );
}

const BAD = new Set(['not running', 'stands still', 'failing', 'failed']);

function nodeTone({ kind, lag, state }: FlowNode): string {
  if (BAD.has(state ?? '')) return 'bad';
  if (kind === 'job') return 'job';
  return lag === null ? '' : lag === 0 ? 'good' : 'busy';
}

function card(node: FlowNode, ends: ReadonlyMap<string, number>): HTMLElement {
  const { name, reads, writes, does, lag } = node;
  const behind = lag === null ? null : `${count(lag)} behind`;
  const state = [node.state, behind].filter((each) => each !== null).join(', ');
  const chips = (names: readonly string[]): HTMLElement[] =>
    names.map((each) =>
      h('span', { class: 'chip' }, each, formatEnd(ends, each), formatLag(node, each)),
    );
  return h(
    'li',
    { class: `node ${nodeTone(node)}` },
    h('h3', { class: 'node-head' }, name, h('span', { class: 'muted' }, state)),
    h('p', {}, does),
    h('div', { class: 'chips' }, ...chips(reads), h('span', {}, '→'), ...chips(writes)),
  );
}

function formatEnd(ends: ReadonlyMap<string, number>, name: string): string {
  const end = ends.get(name);
  return end === undefined ? '' : ` ${count(end)}`;
}

function formatLag({ topics }: FlowNode, name: string): string {
  const lag = topics.find(({ topic }) => topic === name)?.lag ?? 0;
  return lag === 0 ? '' : ` (−${count(lag)})`;
}

type Cells = readonly (string | Node)[];

/** Sentences break; names, numbers and times do not. */
const LONG_TEXT = 30;

function table(caption: string, heads: readonly string[], rows: Cells[], none: string) {
  const body = rows.map((cells) =>
    h('tr', {}, ...cells.map((value) => h('td', { class: cellClass(value) }, value))),
  );
  const nothing = h('tr', {}, h('td', { class: 'muted', colspan: heads.length }, none));
  return h(
    'table',
    {},
    h('caption', {}, caption),
    h('thead', {}, h('tr', {}, ...heads.map((name) => h('th', { scope: 'col' }, name)))),
    h('tbody', {}, ...(body.length === 0 ? [nothing] : body)),
  );
}

const cellClass = (value: string | Node): string =>
  typeof value === 'string' && value.length >= LONG_TEXT ? 'wrap' : '';

/** Sentences, which take as many lines as they need, however short they are. */
const words = (text: string): HTMLElement => h('div', { class: 'wrap' }, text);

const topicTable = (topics: Flow['topics']): HTMLElement =>
  table(
    'Topics',
    ['Topic', 'Records'],
    topics.map(({ topic, end }) => [topic, count(end)]),
    'No data yet: Kafka names no topic',
  );

const jobTable = (jobs: readonly NewestRun[]): HTMLElement =>
  table(
    'Jobs',
    ['Job', 'Last due (event time)', 'State', 'Runs'],
    jobs.map((run) => [
      run.job,
      dateTime(run.due_ts),
      h('span', { class: `tag ${run.state}` }, run.state),
      run.failed === 0 ? count(run.runs) : `${count(run.runs)}, ${count(run.failed)} failed`,
    ]),
    'No data yet: no job was due',
  );

const alertTable = (alerts: readonly Alert[]): HTMLElement =>
  table(
    'Open alerts',
    ['Since', 'What'],
    alerts.map((alert) => [dateTime(alert.created_at), words(alert.message)]),
    'None',
  );

const errorTable = (errors: readonly ErrorItem[]): HTMLElement =>
  table(
    'Open errors',
    ['Where', 'What', 'Times'],
    errors.map((error) => [error.component, words(error.message), count(error.occurrences)]),
    'None',
  );

const qualityTable = (counts: readonly QualityCount[]): HTMLElement =>
  table(
    'Data quality',
    ['Instrument', 'Kind', 'Events', 'Last'],
    counts
      .slice(0, 12)
      .map((each) => [
        words([each.venue, each.symbol].filter(Boolean).join(':') || '–'),
        each.kind,
        count(each.events),
        dateTime(each.last_ts),
      ]),
    'Nothing late, corrected, missing or broken',
  );
