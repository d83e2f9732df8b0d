/** Models, their verdicts rule by rule, and who decides now -> the panel of models. */
import type { GateReason } from '../learning/gate.ts';
import { list, type Activation, type Instrument, type Model } from './api.ts';
import { byId, empty, h, show } from './dom.ts';
import { dateTime, short, words } from './format.ts';
import { openModel } from './model-dialog.ts';

/** Cards come and go with the models, so their place listens. */
byId('models').addEventListener('click', ({ target }) => {
  const id = (target as HTMLElement).closest<HTMLElement>('[data-model]')?.dataset['model'];
  if (id !== undefined) void openModel(id);
});

export async function loadModels({ venue, symbol }: Instrument): Promise<void> {
  const of = { venue, symbol };
  const [models, activations] = await Promise.all([
    list<Model>('models', { ...of, limit: 50 }),
    list<Activation>('models/activations', of),
  ]);
  const champion = activations.find(
    ({ slot, from_ts: from, until_ts: until }) =>
      slot === 'champion' && from !== null && until === null,
  );
  const todo = h('span', {}, 'It needs graded predictions; then ', h('code', {}, 'tickloom train'));
  const none = empty('No data yet: no model has been trained on this instrument', todo);
  const cards = models.length === 0 ? [none] : models.map((m) => card(m, activations));
  show('models', inForce(champion), ...cards);
}

function inForce(champion: Activation | undefined): HTMLElement {
  const who = champion?.model_id ?? 'baseline';
  const since =
    champion === undefined
      ? 'online logistic regression, until a model passes the gate'
      : `${champion.label_spec} · since ${dateTime(champion.from_ts)} (event time)`;
  return h(
    'div',
    { class: 'model' },
    h(
      'p',
      { class: 'model-head' },
      h('span', { class: 'tag champion' }, 'champion now'),
      h('span', { class: 'model-id' }, who),
    ),
    h('p', { class: 'muted' }, since),
  );
}

function card(model: Model, activations: readonly Activation[]): HTMLElement {
  const { model_id: id, verdict, state } = model;
  const because = model.waits_because ?? newestReview(model);
  const held = activations.filter((a) => a.model_id === model.model_id && a.from_ts !== null);
  const failed = verdict?.reasons.filter(({ passed }) => !passed).length ?? 0;
  const outcome =
    verdict === null
      ? 'not judged yet'
      : verdict.passed
        ? `passed all ${verdict.reasons.length} rules`
        : `refused: ${failed} of ${verdict.reasons.length} rules not met`;
  return h(
    'article',
    { class: 'model' },
    h(
      'h3',
      { class: 'model-head' },
      h('button', { class: 'link model-id', type: 'button', 'data-model': id }, id),
      h('span', { class: `tag ${state}` }, state),
    ),
    h('p', { class: 'muted' }, `${model.label_spec} · trained at ${dateTime(model.trained_at)}`),
    ...held.map((a) => h('p', { class: 'muted' }, formatRange(a))),
    h('p', { class: verdict?.passed === true ? 'good-text' : '' }, outcome),
    ...(because === null ? [] : [h('p', { class: 'muted' }, because)]),
    h('ul', { class: 'rules' }, ...(verdict?.reasons ?? []).map(rule)),
  );
}

/** Where a shadow or champion stands by its evidence, in a sentence; null: not reviewed yet. */
function newestReview({ state, metrics }: Model): string | null {
  const judged = (metrics as Readonly<Record<string, { why?: string } | undefined>>)[
    `live_${state}`
  ];
  return judged?.why ?? null;
}

const formatRange = ({ slot, from_ts: from, until_ts: until }: Activation): string =>
  `${slot} from ${dateTime(from)} ${until === null ? 'on' : `to ${dateTime(until)}`}`;

const rule = ({ rule: name, passed, detail, value, threshold }: GateReason): HTMLElement =>
  h(
    'li',
    {},
    h(
      'span',
      { class: passed ? 'mark-pass' : 'mark-fail', role: 'img', 'aria-label': word(passed) },
      passed ? '✓' : '✗',
    ),
    h('span', {}, words(name)),
    h('span', { class: 'muted' }, `${short(value)} / ${short(threshold)}`),
    h('span', { class: 'detail' }, detail),
  );

const word = (passed: boolean): string => (passed ? 'passed' : 'not met');
