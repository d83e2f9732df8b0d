import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decideChange,
  type KnownModel,
  type ModelPlace,
  type ModelRequest,
  type ModelState,
  type Registry,
} from '../../src/learning/model-change.ts';

const market = { venue: 'v', symbol: 'A/USD', labelSpec: 'direction_1h@1' };

const model = (modelId: string, state: ModelState, more: Partial<KnownModel> = {}): KnownModel => ({
  ...{ modelId, state, sha256: modelId.repeat(4), passed: true, failed: [] },
  ...{ replaced: null, changedBy: null, expiresTs: null },
  ...more,
});

/** Takes changes one after the other, as the registry's table does. */
class Table {
  models: KnownModel[];
  atTs: number | null = 100;

  constructor(...models: KnownModel[]) {
    this.models = models;
  }

  get registry(): Registry {
    return { market, models: this.models, atTs: this.atTs };
  }

  /** What each record says, in the order in which they are sent. */
  take(request: ModelRequest): string[] {
    const change = decideChange(this.registry, request);
    this.models = this.models.map((each) => {
      const change_ = change.states.find(({ modelId }) => modelId === each.modelId);
      if (change_ === undefined) return each;
      const { to: state, by: changedBy, replaced = each.replaced } = change_;
      return Object.assign({}, each, { state, changedBy, replaced });
    });
    return change.records.map(({ body }) => `${body.state} ${body.model_id} in ${body.slot}`);
  }

  /** All that the audit log keeps of the models that a change moves. */
  readPlaces(request: ModelRequest): ModelPlace[] {
    const moved = decideChange(this.registry, request).states.map(({ modelId }) => modelId);
    return moved.map((modelId) => {
      const { state, replaced, changedBy } = this.models.find((m) => m.modelId === modelId)!;
      return { modelId, state, replaced, changedBy, changedTs: null };
    });
  }

  get states(): Record<string, ModelState> {
    return Object.fromEntries(this.models.map(({ modelId, state }) => [modelId, state]));
  }
}

const promote = (modelId: string, force = false): ModelRequest => ({
  ...{ action: 'promote', modelId, force },
});

describe('the registry', () => {
  test('leads a model from candidate over shadow to champion; the one before goes on as shadow', () => {
    const table = new Table(model('old', 'champion'), model('new', 'candidate'));
    expect(table.take({ action: 'shadow', modelId: 'new' })).toEqual(['shadow new in new']);
    expect(table.take(promote('new'))).toEqual([
      ...['retired new in new', 'champion new in champion', 'shadow old in old'],
    ]);
    expect(table.states).toEqual({ old: 'shadow', new: 'champion' });
  });

  test('retires a champion that is replaced where it has expired, or no place is left', () => {
    const expired = new Table(
      model('old', 'champion', { expiresTs: 99 }),
      model('new', 'candidate'),
    );
    expect(expired.take(promote('new'))).toEqual(['champion new in champion']);
    expect(expired.states).toEqual({ old: 'retired', new: 'champion' });
    const full = new Table(
      ...['a', 'b', 'c'].map((id) => model(id, 'shadow')),
      ...[model('old', 'champion'), model('new', 'candidate')],
    );
    full.take(promote('new'));
    expect(full.states).toMatchObject({ old: 'retired', new: 'champion' });
    // Whoever is promoted from a slot leaves it.
    expect(full.take(promote('a'))).toEqual([
      ...['retired a in a', 'champion a in champion', 'shadow new in new'],
    ]);
  });

  test('has three shadows at a time, and only a candidate becomes one', () => {
    const ids = ['a', 'b', 'c', 'd'];
    const table = new Table(...ids.map((id) => model(id, 'candidate')), model('e', 'rejected'));
    const shadow = (modelId: string) => () => table.take({ action: 'shadow', modelId });
    expect(['a', 'b', 'c'].map((id) => shadow(id)())).toEqual([
      ...[['shadow a in a'], ['shadow b in b'], ['shadow c in c']],
    ]);
    expect(shadow('d')).toThrow('"a", "b", "c" are the shadows, 3 at a time: retire one first');
    expect(shadow('e')).toThrow('"e" is rejected, no candidate');
  });

  test('demotes a champion to the baseline, whatever it had replaced', () => {
    const table = new Table(
      model('old', 'retired', { changedBy: 'promotion' }),
      model('now', 'champion', { replaced: 'old' }),
    );
    expect(table.take({ action: 'demote', modelId: 'now' })).toEqual(['retired now in champion']);
    expect(table.states).toEqual({ old: 'retired', now: 'retired' });
  });

  test('promotes what has not passed the gate only by force, and says what it failed', () => {
    const failed = { passed: false, failed: ['41 rows of at least 500'] };
    const table = new Table(model('bad', 'rejected', failed), model('new', 'candidate'));
    expect(() => table.take(promote('bad'))).toThrow(/not passed the gate \(41 rows of at least/);
    expect(table.take(promote('bad', true))).toEqual(['champion bad in champion']);
    expect(() => table.take(promote('bad', true))).toThrow('is the champion already');
    const unjudged = new Table(model('new', 'candidate', { passed: null }));
    expect(() => unjudged.take(promote('new'))).toThrow('it has not been judged yet');
  });

  test('does not promote what has expired, in event time', () => {
    const table = new Table(model('m', 'shadow', { expiresTs: 99 }));
    expect(() => table.take(promote('m'))).toThrow('has expired');
    table.atTs = 99;
    expect(table.take(promote('m'))).toHaveLength(2);
  });

  test('goes back one step for every rollback, down to the baseline', () => {
    const table = new Table(...['a', 'b', 'c'].map((modelId) => model(modelId, 'candidate')));
    for (const modelId of ['a', 'b', 'c']) table.take(promote(modelId));
    expect(table.take({ action: 'rollback' })).toEqual([
      ...['retired b in b', 'champion b in champion'],
    ]);
    expect(table.take({ action: 'rollback' })).toEqual([
      ...['retired a in a', 'champion a in champion'],
    ]);
    expect(table.take({ action: 'rollback' })).toEqual(['retired a in champion']);
    expect(table.states).toEqual({ a: 'retired', b: 'retired', c: 'retired' });
    expect(() => table.take({ action: 'rollback' })).toThrow('the baseline decides already');
  });

  test('goes back to the baseline where what was before was itself taken out, or has expired', () => {
    const replaced = { replaced: 'old' };
    const by = (changedBy: string, expiresTs: number | null = null) =>
      new Table(
        model('old', 'retired', { changedBy, expiresTs }),
        model('new', 'champion', replaced),
      ).take({ action: 'rollback' });
    expect(by('promotion')).toEqual(['champion old in champion']);
    expect(by('reject')).toEqual(['retired new in champion']);
    expect(by('rollback')).toEqual(['retired new in champion']);
    expect(by('retire')).toEqual(['retired new in champion']);
    expect(by('promotion', 99)).toEqual(['retired new in champion']);
  });

  test('never goes round: a model that was rolled back is not what a rollback goes to', () => {
    const table = new Table(model('a', 'candidate'), model('b', 'candidate'));
    table.take(promote('a'));
    table.take(promote('b'));
    table.take(promote('a'));
    table.take({ action: 'rollback' });
    expect(table.states).toEqual({ a: 'retired', b: 'champion' });
    expect(table.take({ action: 'rollback' })).toEqual(['retired b in champion']);
  });

  test('retires a champion to the baseline, a shadow from its slot, a candidate in silence', () => {
    const table = new Table(model('c', 'champion'), model('s', 'shadow'), model('k', 'candidate'));
    const retire = (modelId: string): string[] => table.take({ action: 'retire', modelId });
    expect(retire('c')).toEqual(['retired c in champion']);
    expect(retire('s')).toEqual(['retired s in s']);
    expect(retire('k')).toEqual([]);
    expect(() => retire('k')).toThrow('"k" is retired already');
  });
});

describe('what is taken back', () => {
  const ids = ['a', 'b', 'c', 'd'];
  const request = fc.oneof(
    fc.record({
      action: fc.constantFrom('shadow', 'retire', 'reject', 'expire', 'demote'),
      modelId: fc.constantFrom(...ids),
    }),
    fc.record({
      action: fc.constant('promote' as const),
      modelId: fc.constantFrom(...ids),
      force: fc.constant(true),
    }),
    fc.constant({ action: 'rollback' as const }),
  ) as fc.Arbitrary<ModelRequest>;
  /** Who speaks in which slot, as the log has it behind the records. */
  const hear = (slots: Record<string, string>, records: readonly string[]): void => {
    for (const record of records) {
      const [state = '', modelId = '', , slot = ''] = record.split(' ');
      if (state === 'retired') delete slots[slot];
      else slots[slot] = modelId;
    }
  };

  test('is exactly what it was, models and slots; and that can be taken back too', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 12 }), (requests) => {
        const table = new Table(...ids.map((id) => model(id, 'candidate')));
        const slots: Record<string, string> = {};
        for (const each of requests) {
          let places: ModelPlace[];
          try {
            places = table.readPlaces(each);
          } catch {
            continue;
          }
          const [models, heard] = [structuredClone(table.models), { ...slots }];
          hear(slots, table.take(each));
          const [models2, heard2] = [structuredClone(table.models), { ...slots }];
          const back: ModelRequest = { action: 'undo', was: places };
          const forth: ModelRequest = { action: 'undo', was: table.readPlaces(back) };
          hear(slots, table.take(back));
          expect(table.models).toEqual(models);
          expect(slots).toEqual(heard);
          hear(slots, table.take(forth));
          expect(table.models).toEqual(models2);
          expect(slots).toEqual(heard2);
        }
      }),
    );
  });

  test('says so in the log: the shadow speaks in its own slot again', () => {
    const table = new Table(model('old', 'champion'), model('new', 'shadow'));
    const was = table.readPlaces(promote('new'));
    table.take(promote('new'));
    expect(table.take({ action: 'undo', was })).toEqual([
      ...['retired old in old', 'champion old in champion', 'shadow new in new'],
    ]);
  });
});
