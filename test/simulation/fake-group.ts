/**
 * A consumer group's coordinator, more hostile than the real one: partitions change hands at any
 * moment, at once, and those who had them hear of it only when they ask.
 */
import { must } from '../../src/assert.ts';
import { randomIndex, type Random } from '../../src/random.ts';

export interface Assigned {
  readonly topic: string;
  readonly partition: number;
}

export const partitionName = ({ topic, partition }: Assigned): string => `${topic}/${partition}`;

export class FakeGroup {
  generation = 0;
  readonly partitions: readonly Assigned[];
  readonly committed = new Map<string, number>();
  private readonly random: Random;
  private readonly members: object[] = [];
  private readonly owners = new Map<Assigned, object>();

  constructor(partitions: readonly Assigned[], random: Random) {
    this.partitions = partitions;
    this.random = random;
  }

  join(member: object): void {
    if (this.members.includes(member)) return;
    this.members.push(member);
    this.rebalance();
  }

  leave(member: object): void {
    const at = this.members.indexOf(member);
    if (at < 0) return;
    this.members.splice(at, 1);
    this.rebalance();
  }

  /** Everybody may get everything. */
  rebalance(): void {
    this.generation += 1;
    this.owners.clear();
    if (this.members.length === 0) return;
    for (const one of this.partitions) {
      this.owners.set(one, must(this.members[randomIndex(this.random, this.members.length)]));
    }
  }

  assignedTo(member: object): readonly Assigned[] {
    return this.partitions.filter((one) => this.owners.get(one) === member);
  }

  /** An older generation's commits are refused. */
  commit(generation: number, at: Assigned, offset: number): void {
    if (generation !== this.generation) throw new Error('the group has another generation');
    this.committed.set(partitionName(at), offset);
  }
}
