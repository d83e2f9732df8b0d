/** Preloaded into a process whose wall clock is to be wrong: an hour ahead. */
const HOUR_MS = 3_600_000;
const real = Date.now;
Date.now = () => real() + HOUR_MS;
process.stderr.write('clock shifted by an hour\n');
