/**
 * The registry's rules: the models of one instrument and label spec, and what somebody or some job
 * requests -> the models' new states, and the control records that make it so in the log.
 *
 * Candidate: judged or waiting to be. Shadow: it predicts in a slot of its own, and nothing acts on
 * it. Champion: it decides. Retired: it had its time. Rejected: it did not earn its place. Where
 * there is no champion, the baseline decides. At most one champion and three shadows at a time.
 */
import { must } from '../assert.ts';
import { modelSlotKey, type ModelControl } from '../domain/control.ts';

/** Shadows of a market at a time. Each costs its predictions in the stream. */
export const SHADOW_PLACES = 3;

export const MODEL_STATES = ['candidate', 'shadow', 'champion', 'retired', 'rejected'] as const;
export type ModelState = (typeof MODEL_STATES)[number];

/** What the registry has to know of a model to change its place. */
export interface KnownModel {
  readonly modelId: string;
  readonly sha256: string;
  readonly state: ModelState;
  /** Whether the gate let it pass; null: it has not been judged. */
  readonly passed: boolean | null;
  /** Rules of the gate that did not hold, each in a sentence. */
  readonly failed: readonly string[];
  /** The champion that it took the place of; null: the baseline's. */
  readonly replaced: string | null;
  /** What ended it, where it is retired. */
  readonly changedBy: string | null;
  /** Event time behind which it is not to be trusted; null: none. */
  readonly expiresTs: number | null;
}

export interface Market {
  readonly venue: string;
  readonly symbol: string;
  readonly labelSpec: string;
}

export type ModelRequest =
  | { readonly action: 'promote'; readonly modelId: string; readonly force: boolean }
  | {
      readonly action: 'shadow' | 'retire' | 'reject' | 'expire' | 'demote';
      readonly modelId: string;
    }
  | { readonly action: 'rollback' }
  | { readonly action: 'undo'; readonly was: readonly ModelPlace[] };

/** What a model was before a change, as the audit log keeps it. */
export interface ModelPlace {
  readonly modelId: string;
  readonly state: ModelState;
  readonly replaced: string | null;
  readonly changedBy: string | null;
  /** Event time of that, RFC 3339; null: it was not known. */
  readonly changedTs: string | null;
}

export interface ModelChange {
  /** The model that the change is about. */
  readonly modelId: string;
  readonly states: readonly {
    readonly modelId: string;
    readonly to: ModelState;
    readonly by: string | null;
    /** Where it becomes champion: what it takes the place of. */
    readonly replaced?: string | null;
    /** Where it becomes what it was: since when, RFC 3339; absent: since now. */
    readonly since?: string | null;
  }[];
  readonly records: readonly { readonly subject: string; readonly body: ModelControl }[];
}

/** What was requested is against the rules; the message says which, and what can be done. */
export class ChangeRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ChangeRefused';
  }
}

/** The models of a market at an event time; null: no time is known, and none has expired. */
export interface Registry {
  readonly market: Market;
  readonly models: readonly KnownModel[];
  readonly atTs: number | null;
}

/** The change that the request comes to. Throws `ChangeRefused`. */
export function decideChange(registry: Registry, request: ModelRequest): ModelChange {
  if (request.action === 'rollback') return rollback(registry);
  if (request.action === 'undo') return undo(registry, request.was);
  const model = requireModel(registry, request.modelId);
  switch (request.action) {
    case 'promote':
      return promote(registry, model, request.force);
    case 'shadow':
      return shadow(registry, model);
    case 'reject':
      return end(registry, model, 'rejected', 'reject');
    case 'retire':
      return end(registry, model, 'retired', 'retire');
    case 'expire':
      return end(registry, model, 'retired', 'expiry');
    case 'demote':
      return end(registry, model, 'retired', 'evidence');
  }
}

export const findChampion = ({ models }: Pick<Registry, 'models'>): KnownModel | null =>
  models.find(({ state }) => state === 'champion') ?? null;

export const shadowsIn = ({ models }: Pick<Registry, 'models'>): readonly KnownModel[] =>
  models.filter(({ state }) => state === 'shadow');

/** Whether one more may become a shadow. */
export const hasPlace = (registry: Pick<Registry, 'models'>): boolean =>
  shadowsIn(registry).length < SHADOW_PLACES;

const hasExpired = ({ expiresTs }: KnownModel, atTs: number | null): boolean =>
  expiresTs !== null && atTs !== null && atTs > expiresTs;

function requireModel({ models, market }: Registry, modelId: string): KnownModel {
  const model = models.find((each) => each.modelId === modelId);
  return must(model, `model "${modelId}" is one of ${market.venue}:${market.symbol}`);
}

function promote(registry: Registry, model: KnownModel, force: boolean): ModelChange {
  const { modelId, state, passed, failed } = model;
  const champion = findChampion(registry);
  if (state === 'champion') throw new ChangeRefused(`"${modelId}" is the champion already`);
  if (!force && passed !== true) {
    const why = passed === null ? 'it has not been judged yet' : failed.join('; ');
    throw new ChangeRefused(
      `"${modelId}" has not passed the gate (${why}); --force promotes it all the same, ` +
        'and the audit log keeps that it was forced',
    );
  }
  if (!force && hasExpired(model, registry.atTs)) {
    throw new ChangeRefused(`"${modelId}" has expired; train a new one, or use --force`);
  }
  const by = 'promotion';
  const left = shadowsIn(registry).filter((each) => each !== model).length;
  // Whoever is replaced may win its place back, where there is room for it.
  const goesOn = champion !== null && left < SHADOW_PLACES && !hasExpired(champion, registry.atTs);
  const to = goesOn ? 'shadow' : 'retired';
  return {
    modelId,
    states: [
      ...(champion === null ? [] : [{ modelId: champion.modelId, to, by } as const]),
      { modelId, to: 'champion', by, replaced: champion?.modelId ?? null },
    ],
    // Each leaves a slot before it has another: behind all records it speaks in one slot alone.
    records: [
      ...(state === 'shadow' ? [record(registry, model, 'retired', modelId)] : []),
      record(registry, model, 'champion', 'champion'),
      ...(goesOn ? [record(registry, champion, 'shadow', champion.modelId)] : []),
    ],
  };
}

function shadow(registry: Registry, model: KnownModel): ModelChange {
  const { modelId, state } = model;
  if (state !== 'candidate') throw new ChangeRefused(`"${modelId}" is ${state}, no candidate`);
  if (!hasPlace(registry)) {
    const names = shadowsIn(registry).map((each) => `"${each.modelId}"`);
    throw new ChangeRefused(
      `${names.join(', ')} are the shadows, ${SHADOW_PLACES} at a time: retire one first`,
    );
  }
  return {
    modelId,
    states: [{ modelId, to: 'shadow', by: 'gate' }],
    records: [record(registry, model, 'shadow', modelId)],
  };
}

function end(
  registry: Registry,
  model: KnownModel,
  to: 'retired' | 'rejected',
  by: string,
): ModelChange {
  const { modelId, state } = model;
  if (state === 'retired' || state === 'rejected') {
    throw new ChangeRefused(`"${modelId}" is ${state} already`);
  }
  const slot = state === 'champion' ? 'champion' : modelId;
  return {
    modelId,
    states: [{ modelId, to, by }],
    records: state === 'candidate' ? [] : [record(registry, model, 'retired', slot)],
  };
}

/**
 * By hand: back to what the champion took the place of, and to the baseline where that was the
 * baseline, has expired, or was itself taken out for a reason of its own.
 */
function rollback(registry: Registry): ModelChange {
  const { market, models, atTs } = registry;
  const champion = findChampion(registry);
  if (champion === null) {
    throw new ChangeRefused(
      `${market.venue}:${market.symbol} has no champion for ${market.labelSpec}: the baseline ` +
        'decides already, and there is nothing to go back to',
    );
  }
  const before = models.find(
    (model) =>
      model.modelId === champion.replaced &&
      (model.state === 'retired' || model.state === 'shadow') &&
      model.changedBy === 'promotion' &&
      !hasExpired(model, atTs),
  );
  const by = 'rollback';
  const taken = { modelId: champion.modelId, to: 'retired' as const, by };
  if (before === undefined) {
    const records = [record(registry, champion, 'retired', 'champion')];
    return { modelId: champion.modelId, states: [taken], records };
  }
  // What it had replaced itself stays: a second rollback goes one further back.
  const restored = { modelId: before.modelId, to: 'champion' as const, by };
  return {
    modelId: champion.modelId,
    states: [taken, restored],
    records: [
      ...(before.state === 'shadow' ? [record(registry, before, 'retired', before.modelId)] : []),
      record(registry, before, 'champion', 'champion'),
    ],
  };
}

/**
 * Every model that a change has moved back to what it was, `replaced` and all; whoever has a slot
 * that it had not leaves it first.
 */
function undo(registry: Registry, was: readonly ModelPlace[]): ModelChange {
  const moved = was.map((place) => ({ place, now: requireModel(registry, place.modelId) }));
  const records: ModelChange['records'][number][] = [];
  for (const { place, now } of moved) {
    if (now.state !== 'shadow' || place.state === 'shadow') continue;
    records.push(record(registry, now, 'retired', now.modelId));
  }
  const [gone, back] = [
    moved.find(({ now }) => now.state === 'champion')?.now,
    moved.find(({ place }) => place.state === 'champion')?.now,
  ];
  if (back !== undefined && back !== gone) {
    records.push(record(registry, back, 'champion', 'champion'));
  } else if (gone !== undefined && back === undefined) {
    records.push(record(registry, gone, 'retired', 'champion'));
  }
  for (const { place, now } of moved) {
    if (now.state === 'shadow' || place.state !== 'shadow') continue;
    records.push(record(registry, now, 'shadow', now.modelId));
  }
  return {
    modelId: must(moved.at(-1), 'a change that is taken back moved a model').now.modelId,
    states: was.map(({ modelId, state: to, changedBy: by, replaced, changedTs: since }) => ({
      modelId,
      to,
      by,
      replaced,
      since,
    })),
    records,
  };
}

function record(
  { market }: Registry,
  { modelId, sha256, passed }: KnownModel,
  state: ModelControl['state'],
  slot: string,
): ModelChange['records'][number] {
  const { venue, symbol, labelSpec } = market;
  return {
    subject: modelSlotKey(venue, symbol, labelSpec, slot),
    body: {
      venue,
      symbol,
      label_spec: labelSpec,
      slot,
      model_id: modelId,
      sha256,
      state,
      passed: passed === true,
    },
  };
}
