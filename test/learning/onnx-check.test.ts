/** Models in ONNX from outside: what is taken, and what is refused before a runtime opens it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { checkOnnx, ONNX_LIMITS } from '../../src/learning/onnx-check.ts';
import {
  body,
  external,
  message,
  encodeOnnx,
  treeModel,
  treeNode,
  type NodeSpec,
} from '../support/onnx.ts';

const COLUMNS = 12;
const fixture = (name: string): Uint8Array =>
  readFileSync(join(PROJECT_DIR, 'test', 'fixtures', 'onnx', `${name}.onnx`));

const model = (...nodes: NodeSpec[]): Uint8Array => encodeOnnx({ columns: COLUMNS, nodes });
const step = (type: string, reads = ['x'], more: Partial<NodeSpec> = {}): NodeSpec => ({
  ...{ type, reads, writes: ['probabilities'] },
  ...more,
});
/** Where a value at most 0 goes and where one above it: node 0 to 1 or 2, which are leaves. */
const STUMP = {
  features: [0, 0, 0],
  yes: [1, 0, 0],
  no: [2, 0, 0],
  modes: ['BRANCH_LEQ', 'LEAF', 'LEAF'],
};
const tree = (more: Partial<typeof STUMP>): Uint8Array =>
  treeModel(COLUMNS, Object.assign({}, STUMP, more));
const chain = (depth: number): Uint8Array => {
  const nodes = Array.from({ length: 2 * depth + 1 }, (_, i) => i);
  const isBranch = (i: number): boolean => i < 2 * depth && i % 2 === 0;
  return treeModel(COLUMNS, {
    features: nodes.map(() => 0),
    yes: nodes.map((i) => (isBranch(i) ? i + 1 : 0)),
    no: nodes.map((i) => (isBranch(i) ? i + 2 : 0)),
    modes: nodes.map((i) => (isBranch(i) ? 'BRANCH_LEQ' : 'LEAF')),
  });
};

describe('a model in ONNX', () => {
  test.each(['bare', 'logistic', 'network', 'zipmap'])('of a converter is taken: %s', (name) => {
    expect(() => checkOnnx(fixture(name), COLUMNS)).not.toThrow();
  });

  test('of trees is taken', () => {
    expect(() => checkOnnx(tree({}), COLUMNS)).not.toThrow();
    expect(() => checkOnnx(chain(900), COLUMNS)).not.toThrow();
  });

  test.each([
    ['a loop', model(step('Loop', ['x'], { attributes: [body('body')] })), 'the operator "Loop"'],
    ['a branch', model(step('Identity', ['x'], { attributes: [body('then')] })), '"Identity"'],
    ['chance', model(step('RandomNormal', [])), 'the operator "RandomNormal"'],
    ['a size from the row', model(step('Tile', ['x', 'x'])), 'the operator "Tile"'],
    ['another domain', model(step('Relu', ['x'], { domain: 'com.evil' })), '"com.evil.Relu"'],
    ['a long name', model(step('A'.repeat(10_000))), '(10000 characters)'],
    ['places from the row', model(step('Slice', ['weights', 'x', 'x'])), 'Slice takes its shape'],
    [
      'a shape from the row by a detour',
      model(step('Cast', ['x'], { writes: ['shape'] }), step('Reshape', ['x', 'shape'])),
      'Reshape takes its shape',
    ],
    [
      'numbers in a file of the machine',
      encodeOnnx({
        columns: COLUMNS,
        nodes: [step('Identity')],
        initializers: [external('weights', '../../../../etc/passwd')],
      }),
      'lie in another file: save it as one',
    ],
    [
      'functions',
      encodeOnnx({ columns: COLUMNS, nodes: [step('Identity')], more: [[25, message([1, 'f'])]] }),
      'functions of its own',
    ],
    [
      'steps without end',
      model(...Array.from({ length: ONNX_LIMITS.nodes + 1 }, () => step('Relu'))),
      'more than 10000 steps',
    ],
    ['trees that go round', tree({ yes: [1, 0, 0], no: [0, 0, 0] }), 'that go round in a circle'],
    ['a child of two', tree({ yes: [1, 0, 0], no: [1, 0, 0] }), 'is the child of two nodes'],
    ['no such child', tree({ yes: [7, 0, 0] }), 'has no child 7'],
    ['a column beyond the row', tree({ features: [12, 0, 0] }), 'compare column 12 of 12'],
    ['a column before the row', tree({ features: [-1, 0, 0] }), 'compare column -1 of 12'],
    ['a deep chain', chain(12_000), 'deeper than 1000'],
    ['lists that lie', tree({ modes: ['BRANCH_LEQ'] }), 'are not equally long'],
  ])('with %s is refused', (_, bytes, message_) => {
    expect(() => checkOnnx(bytes, COLUMNS)).toThrow(message_);
  });

  test('of trees behind a step that may narrow the row is refused', () => {
    const narrow = step('MatMul', ['x', 'weights'], { writes: ['y'] });
    expect(() => checkOnnx(model(narrow, treeNode(STUMP, 'y')), COLUMNS)).toThrow(
      'compare column 0 of 0',
    );
    const scaled = step('Relu', ['x'], { writes: ['y'] });
    expect(() => checkOnnx(model(scaled, treeNode(STUMP, 'y')), COLUMNS)).not.toThrow();
  });

  test('that is cut short anywhere, or changed in any byte, is refused or read, and soon', () => {
    const whole = fixture('network');
    const startMs = performance.now();
    for (let at = 0; at < whole.length; at++) {
      const flipped = Uint8Array.from(whole);
      flipped[at] = flipped[at]! ^ 0xff;
      for (const bytes of [whole.subarray(0, at), flipped]) {
        try {
          checkOnnx(bytes, COLUMNS);
        } catch (error) {
          expect((error as Error).message).toMatch(/ONNX/);
        }
      }
    }
    expect(performance.now() - startMs).toBeLessThan(20_000);
  });

  test('of more bytes than any is refused unread', () => {
    const bytes = new Uint8Array(ONNX_LIMITS.bytes + 1);
    expect(() => checkOnnx(bytes, COLUMNS)).toThrow('up to 67108864 are taken');
  });
});
