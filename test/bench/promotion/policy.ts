/**
 * How a policy is asked. To add one: a file in `policies/` that exports a `Policy`, and its line in
 * `policies/all.ts`. It is asked at the end of every day, instrument by instrument, and answers
 * what becomes of the champion; all else that it remembers is its own. It must judge by what was
 * said and what happened alone (`instrument.losses`, `instrument.session`), and never by what a
 * model's plan has of its worth.
 */
import type { Instrument } from './instrument.ts';
import type { SimulatedModel } from './model.ts';

export interface Policy {
  readonly name: string;
  /** In a few words, for the table. */
  readonly title: string;
  /** For an installation: the champion of each instrument in the beginning, null: the prior. */
  start(champions: readonly (SimulatedModel | null)[], rules: Rules): PolicyRun;
}

export interface Rules {
  /** Days in front of a model's arrival on which the gate judges it. */
  readonly holdoutDays: number;
}

export interface PolicyRun {
  look(look: Look): readonly Change[];
}

export interface Look {
  /** The day that is over; a change holds from the next. */
  readonly day: number;
  /** Which of the installation. */
  readonly index: number;
  readonly instrument: Instrument;
  /** The model that was trained by now, if one was. */
  readonly arrived: SimulatedModel | null;
}

export type Change =
  /** It takes the place of whoever decided; judged on the days from then on. */
  | {
      readonly kind: 'promote';
      readonly model: SimulatedModel;
      readonly judgedFrom: number;
      /** On live rows beside whoever decided, or on its holdout beside the one that it replaces. */
      readonly judgedOn: 'live' | 'holdout';
    }
  /** Back to another, or to the class prior. */
  | { readonly kind: 'rollback'; readonly to: SimulatedModel | null }
  | { readonly kind: 'expire'; readonly to: SimulatedModel | null };
