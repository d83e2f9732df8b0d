/** How often models are reviewed: with every training, and at least once a day of event time. */
import type { Config } from '../../src/config/config.ts';
import { US_PER_DAY } from '../../src/domain/time.ts';

export const reviewEveryUs = ({ retrainEveryUs }: Pick<Config, 'retrainEveryUs'>): number =>
  Math.min(retrainEveryUs, US_PER_DAY);
