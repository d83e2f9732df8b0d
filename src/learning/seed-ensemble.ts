/**
 * Several LightGBM models of the same features -> one whose raw score is the mean of theirs: all of
 * their trees, each leaf divided by the number of models, and a random forest's by that of its
 * trees too, whose mean it is. They may be of different kinds: what comes of them is a plain sum of
 * trees, as boosted ones are. What is served, stored and read by LightGBM stays one text.
 */
import { assert, must } from '../assert.ts';
import { isForest } from './lightgbm-model.ts';

interface Sections {
  readonly head: string;
  readonly trees: readonly string[];
  /** What follows the trees, without the importances, which are one model's own. */
  readonly tail: string;
}

/** Of at least one text as LightGBM saves it. Throws where they do not belong together. */
export function averageModels(texts: readonly string[]): string {
  const first = must(texts[0], 'a model to take the mean of');
  if (texts.length === 1) return first;
  const all = texts.map(splitSections);
  const { head, tail } = must(all[0], 'a model to take the mean of');
  for (const other of all) {
    assert(bare(other.head) === bare(head), 'models of other features or another objective');
  }
  const parts = all.flatMap((each) => {
    const share = texts.length * (isForest(each.head) ? each.trees.length : 1);
    return each.trees.map((tree) => ({ tree, share }));
  });
  const trees = parts.map(({ tree, share }, number) => scaled(tree, number, share));
  // LightGBM cuts the text by them.
  const sizes = trees.map((tree) => Buffer.byteLength(tree)).join(' ');
  const sum = head.replace(/^average_output\r?\n/m, '');
  return `${sum.replace(/^tree_sizes=.*$/m, `tree_sizes=${sizes}`)}\n${trees.join('')}${tail}`;
}

function splitSections(text: string): Sections {
  const start = text.indexOf('\nTree=') + 1;
  const end = text.indexOf('end of trees');
  assert(start > 0 && end > start, 'not the text of a LightGBM model');
  const trees = text
    .slice(start, end)
    .split(/^(?=Tree=)/m)
    .filter((tree) => tree !== '');
  const parameters = text.indexOf('\nparameters:', end);
  const tail = `end of trees\n\n${parameters < 0 ? '' : text.slice(parameters)}`;
  return { head: text.slice(0, start - 1), trees, tail };
}

/** What has to be the same: ranges of features, sizes of trees and the kind need not be. */
const bare = (head: string): string =>
  head.replace(/^average_output\r?\n/m, '').replace(/^(tree_sizes|feature_infos)=.*$/gm, '');

const scaled = (tree: string, number: number, share: number): string =>
  tree
    .replace(/^Tree=\d+/, `Tree=${number}`)
    .replace(/^(leaf_value|internal_value)=(.*)$/gm, (_line, name: string, words: string) => {
      const values = words.split(' ').map((word) => (word === '' ? '' : Number(word) / share));
      return `${name}=${values.join(' ')}`;
    });
