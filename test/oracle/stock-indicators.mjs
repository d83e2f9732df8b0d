/**
 * Makes test/fixtures/indicators/stock-indicators.json from the regression baselines of
 * DaveSkender/Stock.Indicators (one JSON file per indicator, quotes.csv beside them).
 *
 *   node test/oracle/stock-indicators.mjs DIRECTORY_OF_THE_BASELINES
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const directory = process.argv[2];
if (directory === undefined) throw new Error('name the directory with quotes.csv and rsi.json');
const target = new URL('../fixtures/indicators/stock-indicators.json', import.meta.url);

const COLUMNS = {
  sma: ['sma', 'sma'],
  ema: ['ema', 'ema'],
  rsi: ['rsi', 'rsi'],
  macd: ['macd', 'macd'],
  macd_histogram: ['macd', 'histogram'],
  stochastic_k: ['stoch', 'k'],
  stochastic_d: ['stoch', 'd'],
  roc: ['roc', 'roc'],
  williams_r: ['willr', 'williamsR'],
  cci: ['cci', 'cci'],
  plus_di: ['adx', 'pdi'],
  minus_di: ['adx', 'mdi'],
  adx: ['adx', 'adx'],
  atr: ['atr', 'atr'],
  standard_deviation: ['stdev', 'stdDev'],
  bollinger_width: ['bb', 'width'],
  bollinger_position: ['bb', 'percentB'],
  obv: ['obv', 'obv'],
  mfi: ['mfi', 'mfi'],
  cmf: ['cmf', 'cmf'],
};

const [head, ...rows] = readFileSync(join(directory, 'quotes.csv'), 'utf8').trim().split(/\r?\n/);
const names = head.split(',');
const quotes = {};
for (const name of ['high', 'low', 'close', 'volume']) {
  quotes[name] = rows.map((row) => Number(row.split(',')[names.indexOf(name)]));
}
const values = {};
for (const [name, [file, field]] of Object.entries(COLUMNS)) {
  const baseline = JSON.parse(readFileSync(join(directory, `${file}.json`), 'utf8'));
  values[name] = baseline.map((row) => row[field] ?? null);
}
const columns = (object) =>
  Object.entries(object).map(([name, column]) => `"${name}":${JSON.stringify(column)}`);
writeFileSync(
  target,
  `{"quotes":{\n${columns(quotes).join(',\n')}\n},\n${columns(values).join(',\n')}\n}\n`,
);
