/**
 * The checkpoint store with the promises of the real one: a claim raises the epoch, and a write
 * with an older one changes nothing and says so. `isFenced` false is the store that forgets that.
 */
import { must } from '../../src/assert.ts';
import type { Checkpoint, CheckpointStore, CheckpointWrite } from '../../src/stream/stage.ts';
import type { LogMarker } from '../../src/stream/log-marker.ts';
import type { Caller } from './faults.ts';

export interface StoreSabotage {
  readonly isFenced: boolean;
  /** Instruments' states are saved; false: only the position is. */
  readonly keepsStates: boolean;
}

interface Saved {
  epoch: number;
  nextOffset: number;
  marker: LogMarker | null;
  partitionState: Buffer | null;
  readonly instrumentStates: Map<string, Buffer>;
}

export class FakeCheckpoints {
  /** How often a zombie was told that it is one. */
  refusals = 0;
  readonly violations: string[] = [];
  private readonly saved = new Map<string, Saved>();
  private readonly sabotage: StoreSabotage;

  constructor(sabotage: StoreSabotage, from: FakeCheckpoints | null) {
    this.sabotage = sabotage;
    for (const [where, saved] of from?.saved ?? []) {
      this.saved.set(where, { ...saved, instrumentStates: new Map(saved.instrumentStates) });
    }
  }

  of(stage: string, caller: Caller): CheckpointStore {
    return {
      claim: (topic, partition) =>
        caller.call('claim', { all: () => this.claim(`${stage} ${topic}/${partition}`) }),
      save: async (topic, partition, write) => {
        const where = `${stage} ${topic}/${partition}`;
        const outcome = await caller.call('save', { all: () => this.save(where, write) });
        if (outcome === 'fenced') this.refusals += 1;
        return outcome;
      },
    };
  }

  private claim(where: string): Checkpoint {
    const nothing = { marker: null, partitionState: null, instrumentStates: new Map() };
    const none = { epoch: 0, nextOffset: 0, ...nothing };
    const saved = this.saved.get(where) ?? none;
    this.saved.set(where, saved);
    saved.epoch += 1;
    return { ...saved, instrumentStates: new Map(saved.instrumentStates) };
  }

  private save(where: string, write: CheckpointWrite): 'saved' | 'fenced' {
    const saved = must(this.saved.get(where), 'whoever saves has claimed');
    if (this.sabotage.isFenced && write.epoch !== saved.epoch) return 'fenced';
    if (write.nextOffset < saved.nextOffset) {
      this.violations.push(`${where} went back from ${saved.nextOffset} to ${write.nextOffset}`);
    }
    if ((write.marker?.offset ?? -1) !== write.nextOffset - 1) {
      this.violations.push(`${where} saves ${write.nextOffset} without the record before it`);
    }
    saved.nextOffset = write.nextOffset;
    saved.marker = write.marker ?? null;
    saved.partitionState = write.partitionState;
    if (this.sabotage.keepsStates) {
      for (const [key, state] of write.instrumentStates) saved.instrumentStates.set(key, state);
    }
    return 'saved';
  }
}
