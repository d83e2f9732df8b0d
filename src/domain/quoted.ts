/** A text from outside as a message may quote it: a message is read by people and kept in tables. */
export const quoted = (text: string): string =>
  text.length <= 80 ? `"${text}"` : `"${text.slice(0, 80)}…" (${text.length} characters)`;
