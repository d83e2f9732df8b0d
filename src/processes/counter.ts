/** Counts of what a stage did, for `/metrics` and the log. One registry a process. */
import { Counter, register } from 'prom-client';

const records = new Counter({
  name: 'tickloom_stage_events_total',
  help: 'What the stages have seen and done, by event',
  labelNames: ['stage', 'event'] as const,
});

export const counter =
  (stage: string) =>
  (event: string, n = 1): void => {
    if (n > 0) records.inc({ stage, event }, n);
  };

export const metrics = (): Promise<string> => register.metrics();
