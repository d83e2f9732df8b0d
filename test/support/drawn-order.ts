/**
 * Files on the real servers run in an order that is drawn and whose seed is said, so that one which
 * needs what another has left is found. A seed that is given draws the same order again, on every
 * machine, and of some of the files the same among them.
 */
import { createHash, randomInt } from 'node:crypto';
import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { PROJECT_DIR } from '../../src/code-files.ts';

const SEEDS = 1_000_000;

export class DrawnOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const onServers = files.filter(isOnServers);
    const others = await super.sort(files.filter((file) => !isOnServers(file)));
    if (onServers.length < 2) return [...others, ...onServers];
    const seed: number = this.ctx.config.sequence.seed ?? randomInt(SEEDS);
    console.log(`  in a drawn order; the same again: --sequence.seed ${seed}`);
    const places = new Map(onServers.map((file) => [file, findPlace(file, seed)]));
    const place = (file: TestSpecification): string => places.get(file) ?? '';
    return [...others, ...onServers.toSorted((a, b) => (place(a) < place(b) ? -1 : 1))];
  }
}

const isOnServers = ({ project }: TestSpecification): boolean => project.name !== 'unit';

const findPlace = ({ moduleId }: TestSpecification, seed: number): string =>
  createHash('sha256')
    .update(`${seed} ${relative(PROJECT_DIR, moduleId)}`)
    .digest('hex');
