import { testLightgbm } from './test/support/lightgbm.ts';
import { marketRows, featureNamesOf } from './test/support/market-rows.ts';
import { trainCandidate } from './src/learning/train.ts';
const trainer = testLightgbm();
for (const edge of [0.2, 0.35, 0.5]) {
  let pass = 0;
  const t = performance.now();
  let g = 0,
    c = 0;
  for (let s = 1; s <= 6; s++) {
    const rows = marketRows({ seed: s, rows: 11000, columns: 12, edge });
    const k = trainCandidate({
      rows,
      featureNames: featureNamesOf(12),
      featureSet: 'x',
      labelSpec: 'direction_1h@1',
      trainer,
      seed: 7,
      expiresTs: null,
      replayParity: true,
      rounds: 40,
      gate: { resamples: 500 },
    });
    pass += k.verdict.passed ? 1 : 0;
    const d = k.manifest.slice.direction;
    g += d.candidate.log_loss! / 6;
    c += d.champion.log_loss! / 6;
  }
  console.log(edge, pass, '/6', g, c, (performance.now() - t) / 6);
}
