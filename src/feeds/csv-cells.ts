/** A line of CSV -> its cells: blanks around plain ones cut off, quoted ones as RFC 4180 has them. */

/** The cells, or why the line has none. */
export function splitCells(text: string): string[] | string {
  if (text.includes('\0')) return 'the line holds NUL bytes: this is no text';
  if (!text.includes('"')) return text.split(',').map((cell) => cell.trim());
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    while (text[at] === ' ' || text[at] === '\t') at += 1;
    if (text[at] === '"') {
      const end = closing(text, at + 1);
      if (end < 0) return 'a quote is opened and not closed in this line';
      cells.push(text.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 1;
      while (text[at] === ' ' || text[at] === '\t') at += 1;
      if (at < text.length && text[at] !== ',') return 'there is text behind a closing quote';
    } else {
      const comma = text.indexOf(',', at);
      const end = comma < 0 ? text.length : comma;
      cells.push(text.slice(at, end).trim());
      at = end;
    }
    if (at >= text.length) return cells;
    at += 1;
  }
}

function closing(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return -1;
}
