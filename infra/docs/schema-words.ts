/** A field's JSON schema -> its type and bounds in words. */
import { Control, Feature, Fill, Prediction, Signal, TradeTick } from '../../src/domain/wire.ts';
import { SYMBOL_RULE, VENUE_RULE } from '../../src/domain/records/fields.ts';
import { code, table } from './markdown.ts';

/** What is read of a schema; all of them are plain JSON. */
export interface Schema {
  readonly description?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
}

/** A text with a pattern has a name; the pattern is taken from a field that has it. */
const TEXTS: readonly (readonly [name: string, of: Schema, rule: string])[] = [
  ['venue', TradeTick.properties.venue, VENUE_RULE],
  ['symbol', TradeTick.properties.symbol, SYMBOL_RULE],
  ['tick id', alternative(TradeTick.properties.id), '1 to 64 printable ASCII characters, no blank'],
  [
    'tick decimal',
    alternative(TradeTick.properties.price),
    'digits with an optional sign, point and exponent, at most 40 characters: "5", ".5", "1e-9"',
  ],
  ['decimal', Fill.properties.fee, 'up to 20 digits before the point and 20 behind it: "-1.25"'],
  ['positive decimal', Fill.properties.price, 'the same, above 0 and without a sign'],
  ['id', Fill.properties.fill_id, '1 to 200 characters without control characters or line breaks'],
  ['long id', Signal.properties.prediction_id, 'the same, up to 400 characters'],
  ['account', Fill.properties.account, 'the same, up to 100 characters'],
  ['name', Control.properties.subject, '1 to 400 characters without control characters'],
  ['text', Fill.properties.reason, 'up to 4000 characters without NUL'],
  ['label spec', Prediction.properties.label_spec, 'such as "direction_1h@1"'],
  ['key id', Control.properties.key_id, '16 lower-case hex digits'],
  ['HMAC', Control.properties.hmac, '64 lower-case hex digits'],
];

function alternative(schema: Schema): Schema {
  return schema.anyOf?.find(({ pattern }) => pattern !== undefined) ?? schema;
}

const TIMES: readonly (readonly [name: string, of: Schema, rule: string])[] = [
  ['time', Feature.properties.ts, 'whole microseconds since 1970 UTC, below 2^53'],
  ['time before 2200', Fill.properties.ts, 'the same, before the year 2200'],
];

/** The named types with what they take. */
export const typesTable = (): string =>
  table(
    ['type', 'JSON', 'what it takes', 'pattern or bounds'],
    [...TIMES, ...TEXTS].map(([name, { type, pattern, minimum, maximum }, rule]) => [
      name,
      type ?? '',
      rule,
      pattern === undefined ? `${minimum} to ${maximum}` : code(pattern),
    ]),
  );

/** `time`, `"buy" or "sell"`, `list of text`, `number or null`, `integer, at least 1`. */
export function typeWords(schema: Schema): string {
  const { anyOf, type, pattern, items, patternProperties } = schema;
  if (anyOf !== undefined) return anyOf.map(typeWords).join(' or ');
  if ('const' in schema) return code(JSON.stringify(schema.const));
  if (pattern !== undefined) return named(TEXTS, ({ pattern: of }) => of === pattern, pattern);
  if (items !== undefined) return `list of ${plural(items)}`;
  if (patternProperties !== undefined) return mapWords(patternProperties);
  if (type === 'integer' || type === 'number') return numberWords(schema);
  if (type === 'string') return 'any text';
  return type ?? 'any JSON';
}

function named(
  names: typeof TEXTS,
  isIt: (schema: Schema) => boolean,
  what: string | undefined,
): string {
  const found = names.find(([, schema]) => isIt(schema));
  if (found === undefined) {
    throw new Error(`infra/docs/schema-words.ts has no name for the pattern ${what}`);
  }
  return found[0];
}

const plural = (items: Schema): string =>
  items.properties === undefined ? typeWords(items) : 'objects (below)';

function mapWords(of: Readonly<Record<string, Schema>>): string {
  const [value = {}] = Object.values(of);
  return `object, each value ${typeWords(value)}`;
}

function numberWords({ type, minimum, maximum }: Schema): string {
  const time = TIMES.find(([, of]) => of.minimum === minimum && of.maximum === maximum);
  if (time !== undefined && type === 'integer') return time[0];
  const bounds = [
    ...(minimum === undefined ? [] : [`at least ${minimum}`]),
    ...(maximum === undefined ? [] : [`at most ${maximum}`]),
  ];
  return [type ?? '', ...bounds].join(', ');
}
