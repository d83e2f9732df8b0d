/** Venue, account, and the beginning of every key that a fault brings into the log. */
export const POISON = 'poison';
