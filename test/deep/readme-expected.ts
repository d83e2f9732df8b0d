/**
 * What must come of each command and statement of the README and of `docs/`; `readme.ts` runs them.
 */
export type Row = Record<string, unknown>;

/** What must be in the output of a command, by how it begins. */
export const PRINTED: readonly (readonly [string, RegExp])[] = [
  ['npx tickloom models outcomes', /brier[^\n]*\n[\s\S]*0\.\d{3}/],
  ['npx tickloom models drift', /\d served rows\n[\s\S]*psi/],
  ['npx tickloom models triggers', /calendar +\S+:\S+ direction_1h@1: /],
  ['npx tickloom curate summary', /oanda:EUR\/USD +[1-9][\s\S]*synthetic:|synthetic:[\s\S]*oanda:/],
  ['npx tickloom curate model', /rejected|shadow|champion|candidate|retired/],
  ['npx tickloom curate trades', /^control-group\S* +\S.*\S +[1-9]\d* +0\.\d{3} /m],
  [
    'npx tickloom curate describe trades',
    /^(symbol|model) +trades +net [\s\S]* [1-9]\d* +-?\d+\./m,
  ],
  ['npx tickloom curate describe labels', /^my-venue:OWN\/USD +5 +[1-9]\d{3} +0\.\d{3} /m],
  ['npx tickloom curate describe out/own', /^rsi_14_1m +[1-9]\d{3} /m],
  ['npx tickloom curate months', / total\n.* -?\d+\.\d\d$/m],
  ['npx tickloom curate reports', /^oanda:EUR\/USD .+/m],
  ['npx tickloom curate export', /[1-9]\d* of \d+ decisions in eurusd\.csv/],
  ['npx tickloom curate clean', /partitions would be dropped; ages: .*ticks 90d/],
  ['npx tickloom dataset build --from', /: [1-9]\d* of \d+ rows in out\/(eurusd|own)/],
  ['npx tickloom dataset build --entities', /: 1 of 1 rows in out\/asked/],
  ['npx tickloom dataset verify', /byte for byte \([1-9]\d* rows\)/],
  ['npx tickloom dataset list', /[1-9]\d* rows/],
  ['npx tickloom dataset statistics', /oanda:EUR\/USD +direction_1h@1|EUR\/USD/],
  ['npx tickloom accounts list', /^control-group-replay +paper +\d+\.?\d* USD/m],
  ['npx tickloom bots list', /^paper +on +champions that passed the gate +paper +replay$/m],
  ['npx tsx own.ts', /^sent [1-9]\d* trades$/m],
  ['npx tickloom flow wait', /^/],
  ['npx tickloom train', /^my-venue:OWN\/USD: (done|refused), ./m],
  ["curl -s 'http://127.0.0.1:8088/v1/candles", /"timeframe": ?"1h"/],
  ["curl -s 'http://127.0.0.1:8088/v1/features", /"candle_range_1m": ?0\.\d/],
  ["curl -s 'http://127.0.0.1:8088/v1/trades", /"state": ?"closed"/],
  ["curl -s 'http://127.0.0.1:8088/v1/models/outcomes", /"hit_rate"/],
  ['curl -s -X POST http://127.0.0.1:8088/v1/datasets', /"request_id"/],
  ['npx tickloom stack reset', /^/],
  ['rm -rf own.ts', /^$/],
  ['npx tickloom models list', /(champion|rejected|retired|shadow) +lgbm-EUR-USD-direction_1h-/],
];

/** What a command must have left behind. */
export const LEFT: Readonly<Record<string, string>> = {
  'npx tickloom curate export': 'eurusd.csv',
  'npx tickloom dataset build --from': 'out/eurusd/_manifest.json',
  'npx tickloom dataset build --entities': 'out/asked/_manifest.json',
};

/** By a word of the statement: whom it asks, and what its rows must be like. */
export const QUERIED: readonly (readonly [
  RegExp,
  'questdb' | 'postgres',
  (rows: Row[]) => boolean,
])[] = [
  [
    /avg\(hit\)/,
    'questdb',
    (rows) =>
      rows.length >= 7 &&
      rows.some(({ model_id: id }) => id === 'baseline@1') &&
      rows.every((r) => Number(r['graded']) > 0 && isShare(r['hit_rate'])) &&
      new Set(rows.map((r) => `${String(r['model_id'])} ${String(r['day'])}`)).size === rows.length,
  ],
  [/FROM quality_events/, 'questdb', (rows) => rows.some(({ kind }) => kind === 'malformed')],
  [
    /count\(t\.trade_id\)/,
    'postgres',
    // Always one: the champion, or the baseline.
    (rows) => rows.length === 1 && typeof rows[0]?.['model_id'] === 'string',
  ],
  [
    /FROM signals s LEFT JOIN trades/,
    'postgres',
    (rows) => rows.length > 0 && rows.every(({ model_id: id }) => typeof id === 'string'),
  ],
  [
    /count\(\) AS labels/,
    'questdb',
    (rows) => rows.length === 5 && rows.every((row) => isShare(row['up_share'])),
  ],
  [
    /FROM ledger_entries/,
    'postgres',
    (rows) =>
      rows.length >= 8 &&
      ['position', 'trading', 'cash', 'fees'].every((account) =>
        rows.some(({ ledger_account: of }) => of === account),
      ),
  ],
  [/FROM account_breaks/, 'postgres', (rows) => rows.length === 0],
  [/FROM trade_explained/, 'postgres', (rows) => rows.length === 1 && rows[0]?.['fills'] !== null],
  [/FROM model_changes/, 'postgres', (rows) => rows.every(({ action }) => action !== null)],
];

const isShare = (value: unknown): boolean => Number(value) >= 0 && Number(value) <= 1;
