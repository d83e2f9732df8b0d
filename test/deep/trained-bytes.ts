/** Prints the SHA-256 of what a training of one planted market gives, whichever Node runs this. */
import { createHash } from 'node:crypto';
import { parseUs, US_PER_DAY } from '../../src/domain/time.ts';
import { mergedTrades } from '../../src/market/merged.ts';
import { gradedMarket, trainedOn } from '../support/loop.ts';

const FROM = parseUs('2026-02-01');
const market = { seed: 7_002, venue: 'synthetic', symbols: ['ANY/USD'], rate: 0.2 };
const range = { fromUs: FROM, toUs: FROM + 10 * US_PER_DAY };
const ticks = [...mergedTrades({ ...market, ...range, edge: 'planted' })];
const { bytes } = trainedOn(gradedMarket(ticks.map(({ tick }) => tick)));
console.log(createHash('sha256').update(bytes).digest('hex'));
