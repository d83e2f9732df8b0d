/** Rows of text -> tables of Markdown. */

/** Written at the top of each generated page, for whoever opens the file to change it. */
export const GENERATED =
  '<!-- Made from the code by `npm run docs`. Change the code, and run it again. -->';

/** A table; a cell may hold Markdown, and a bar in it does not end it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

export const code = (text: string): string => `\`${text}\``;

/** Parts of a page with an empty line between them, and one line end behind the last. */
export const page = (...parts: readonly string[]): string => `${parts.join('\n\n')}\n`;

/** A comment of the code as a sentence: a capital in front, a full stop behind. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  const isWord = /^[a-z][a-z']* /.test(trimmed) && !trimmed.startsWith('ts ');
  const capital = isWord ? `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}` : trimmed;
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
