/** A process of `run.ts`: simulates the seeds that it is sent, and sends back what it has seen. */
import { noteSeed, nothingSeen } from './seen.ts';
import { simulate } from './simulate.ts';

interface Block {
  readonly first: number;
  readonly count: number;
}

async function simulateBlock({ first, count }: Block): Promise<void> {
  const seen = nothingSeen();
  for (let seed = first; seed < first + count; seed++) noteSeed(seen, seed, await simulate(seed));
  process.send?.(seen);
}

process.on('message', (block: Block) => void simulateBlock(block));
