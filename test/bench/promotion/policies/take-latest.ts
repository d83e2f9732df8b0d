/**
 * The newest model always predicts, as FreqAI's documents describe it (docs/freqai-running.md of
 * freqtrade: "FreqAI will always use the most recently trained model to make predictions on
 * incoming live data"; models are retrained at a fixed period, `live_retrain_hours`, and by default
 * never expire). No comparison, no way back.
 */
import type { Policy } from '../policy.ts';

export const takeLatest: Policy = {
  name: 'latest',
  title: 'take the latest',
  start: () => ({
    look: ({ arrived, day }) =>
      arrived === null
        ? []
        : [{ kind: 'promote', model: arrived, judgedFrom: day, judgedOn: 'holdout' }],
  }),
};
