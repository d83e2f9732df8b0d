import { testLightgbm } from './test/support/lightgbm.ts';
import { marketRows, featureNamesOf } from './test/support/market-rows.ts';
import { trainCandidate } from './src/learning/train.ts';
import { judge } from './src/learning/gate.ts';
const trainer = testLightgbm();
const C = 20;
const N = 300;
let pass = 0,
  chance = {} as Record<string, number>,
  nonzero = 0;
for (let s = 0; s < N; s++) {
  const rows = marketRows({ seed: 9000 + s, rows: s % 2 ? 7200 : 11000, columns: C, edge: 0 });
  const c = trainCandidate({
    rows,
    featureNames: featureNamesOf(C),
    featureSet: 'x',
    labelSpec: 'direction_1h@1',
    trainer,
    seed: s,
    expiresTs: null,
    replayParity: true,
    rounds: 60,
    gate: { resamples: 800 },
  });
  pass += c.verdict.passed ? 1 : 0;
  nonzero += c.manifest.serving.direction_shrink > 0 ? 1 : 0;
  for (const r of c.verdict.reasons) chance[r.rule] = (chance[r.rule] ?? 0) + (r.passed ? 1 : 0);
}
console.log('noise pass', pass, '/', N, 'nonzero shrink', nonzero, chance);
