/** `pipelines/flow.ts` -> the table of stages and jobs in `docs/architecture.md`. */
import type { FlowNode } from '../../pipelines/flow.ts';
import { code, table } from './markdown.ts';

const BEGIN = '<!-- flow: made from `pipelines/flow.ts` by `npm run docs` -->';
const END = '<!-- end of flow -->';

/** The page with its table made anew; all else of it is written by hand. */
export function withFlow(text: string, flow: readonly FlowNode[]): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin)
    throw new Error(`docs/architecture.md has no "${BEGIN}" … "${END}"`);
  return [text.slice(0, begin), BEGIN, '\n\n', flowTable(flow), '\n\n', text.slice(end)].join('');
}

const flowTable = (flow: readonly FlowNode[]): string =>
  table(
    ['name', 'kind', 'reads', 'writes', 'what it does', 'file'],
    flow.map(({ name, kind, reads, writes, does, file }) => [
      code(name),
      kind,
      reads.map(code).join(', '),
      writes.map(code).join(', '),
      does,
      code(file),
    ]),
  );
