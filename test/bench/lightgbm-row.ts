/**
 * A LightGBM model that predicts single rows by its own fast call, through koffi: the configuration
 * parsed once, the row and the result in memory that is handed over without a copy.
 */
import koffi from 'koffi';
import { assert } from '../../src/assert.ts';

export interface RowPredictor {
  /** The probability behind the row that is in `row` now. */
  predict(): number;
  /** Where the row goes before the call; NaN: no value. */
  readonly row: Float64Array;
  free(): void;
}

type Box = [unknown];

const DECLARATIONS = {
  load:
    'int LGBM_BoosterLoadModelFromString(const char *text, _Out_ int *iterations, ' +
    '_Out_ void **out)',
  init:
    'int LGBM_BoosterPredictForMatSingleRowFastInit(void *booster, int kind, int start, ' +
    'int iterations, int type, int32_t columns, const char *params, _Out_ void **out)',
  predict:
    'int LGBM_BoosterPredictForMatSingleRowFast(void *config, const void *row, void *length, ' +
    'void *result)',
  freeConfig: 'int LGBM_FastConfigFree(void *config)',
  free: 'int LGBM_BoosterFree(void *booster)',
};

const NORMAL = 0;
const FLOAT64 = 1;

export function lightgbmRows(libraryPath: string, text: string, columns: number): RowPredictor {
  const library = koffi.load(libraryPath);
  const predict = library.func(DECLARATIONS.predict);
  const [booster, config]: [Box, Box] = [[null], [null]];
  done(library.func(DECLARATIONS.load)(text, [0], booster));
  const params = 'num_threads=1 verbosity=-1';
  const init = library.func(DECLARATIONS.init);
  done(init(booster[0], NORMAL, 0, -1, FLOAT64, columns, params, config));
  const [row, result] = [new Float64Array(columns), new Float64Array(1)];
  const length = new BigInt64Array(1);
  return {
    row,
    predict() {
      done(predict(config[0], row, length, result));
      return result[0] as number;
    },
    free() {
      library.func(DECLARATIONS.freeConfig)(config[0]);
      library.func(DECLARATIONS.free)(booster[0]);
    },
  };
}

const done = (status: unknown): void => assert(status === 0, 'LightGBM refused');
