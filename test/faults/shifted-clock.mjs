/** Preloaded into a process whose wall clock is to be wrong: by the hours of `?hours=-1`. */
const hours = Number(new URL(import.meta.url).searchParams.get('hours'));
const real = Date.now;
Date.now = () => real() + hours * 3_600_000;
process.stderr.write(`clock shifted by ${hours} h\n`);
