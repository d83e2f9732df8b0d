/**
 * A candidate trained of test rows as the training job does it, with fewer rounds and resamples.
 */
import { trainCandidate, type Candidate, type CandidateRequest } from '../../src/learning/train.ts';
import type { TrainingRow } from '../../src/learning/train-fold.ts';
import { featureNames } from './market-rows.ts';

type CandidateOptions = Partial<CandidateRequest> & Pick<CandidateRequest, 'trainer'>;

/** `rows` of `marketRows`, whose features `featureNames` names. */
export const makeCandidate = (rows: readonly TrainingRow[], options: CandidateOptions): Candidate =>
  trainCandidate({
    ...{ rows, featureNames: featureNames(rows[0]?.values.length ?? 0) },
    ...{ featureSet: 'default@test', labelSpec: 'direction_1h@1', seed: 7, expiresTs: null },
    ...{ replayParity: true, gate: { resamples: 500 } },
    ...options,
  });
