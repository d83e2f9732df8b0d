/** Every node of the flow says how it is; jobs are found by the names of their runs. */
import { describe, expect, test } from 'vitest';
import { FLOW } from '../../pipelines/flow.ts';
import { nodeState, type FlowFacts } from '../../src/http/node-state.ts';
import { QUEUES } from '../../src/queue/queue-names.ts';

const node = (name: string) => FLOW.find((each) => each.name === name)!;
const FACTS: FlowFacts = {
  alive: new Set(['stream', 'sink', 'trades', 'jobs']),
  standing: new Set(),
  failing: new Set(),
  runs: new Map(),
};

describe('a node of the flow', () => {
  test('the jobs of the flow are those that have queues, by the same names', () => {
    const jobs = FLOW.filter(({ kind }) => kind === 'job').map(({ name }) => name);
    expect(jobs.toSorted()).toEqual([...QUEUES].toSorted());
  });

  test.each([
    ['stream', {}, 'running'],
    ['stream', { alive: new Set<string>() }, 'not running'],
    ['stream', { standing: new Set(['stream']) }, 'stands still'],
    ['sink', { standing: new Set(['stream']) }, 'running'],
    ['control', {}, 'running'],
    ['control', { alive: new Set(['stream']) }, 'not running'],
    ['feed', {}, null],
    ['labels', {}, 'looking'],
    ['labels', { failing: new Set(['labels']) }, 'failing'],
    ['quality', { runs: new Map([['quality', { state: 'done', running: 0 }]]) }, 'done'],
    ['review', { runs: new Map([['review', { state: 'due', running: 1 }]]) }, 'running'],
    ['training', { alive: new Set(['stream']) }, 'not running'],
  ])('%s with %o is %s', (name, facts, state) => {
    expect(nodeState(node(name), { ...FACTS, ...facts })).toBe(state);
  });
});
