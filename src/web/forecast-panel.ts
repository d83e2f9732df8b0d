/** Scores of graded predictions and the newest prediction -> the panel beside the chart. */
import { get, type Instrument, type Prediction, type Score } from './api.ts';
import { empty, h, show } from './dom.ts';
import { count, dateTime, fixed, percent, words } from './format.ts';

const LAST_N = 1_000;

export async function loadForecast(
  { venue, symbol }: Instrument,
  newest: Prediction | undefined,
): Promise<void> {
  const score = await get<Score>('performance/predictions', { venue, symbol, limit: LAST_N });
  if (newest === undefined && score.predictions === 0) {
    const todo = 'The first comes with the first closed candle; outcomes follow one horizon later.';
    return show('forecast', empty('No data yet: nothing has been predicted', todo));
  }
  show('forecast', scores(score), newest === undefined ? null : latest(newest));
}

function scores(score: Score): HTMLElement {
  const { matured, right, wrong, brier, base_brier: base } = score;
  const better = brier !== null && base !== null && brier < base;
  const verdict = brier === null || base === null ? '' : better ? 'better than' : 'not better than';
  return h(
    'dl',
    { class: 'scores' },
    one('Hit rate', percent(score.hit_rate), `${count(right)} of ${count(right + wrong)} right`),
    one('Brier score', fixed(brier, 4), `${verdict} base ${fixed(base, 4)}`),
    one('Graded', count(matured), `of the last ${count(score.predictions)}`),
  );
}

const one = (name: string, value: string, note: string): HTMLElement =>
  h('div', { class: 'score' }, h('dt', {}, name), h('dd', {}, value, h('small', {}, note)));

function latest(prediction: Prediction): HTMLElement {
  const { probability_up: up, horizon_s: horizon, model_id: model, verdict } = prediction;
  const label = `Probability up within ${horizon / 60} minutes`;
  return h(
    'div',
    {},
    h('p', { class: 'now' }, h('span', {}, `${label} `), h('b', {}, percent(up))),
    h('meter', { min: 0, max: 1, value: up, 'aria-label': label }),
    h(
      'p',
      { class: 'muted' },
      `${dateTime(prediction.decided_ts)} by ${model}`,
      verdict === 'ok' ? null : ` · ${words(verdict)}`,
    ),
  );
}
