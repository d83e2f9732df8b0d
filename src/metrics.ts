/**
 * The numbers of this process, in the one registry that it has: Node's own by their usual names
 * (`process_cpu_seconds_total`, `nodejs_eventloop_lag_seconds`, …), and what its stages count. Each
 * carries the labels `process`, what runs here, and `worker`, which distinguishes two of a kind.
 */
import { hostname } from 'node:os';
import { AggregatorRegistry, collectDefaultMetrics, register } from 'prom-client';

/** This process among all those of an installation: `host:pid`. */
export const WORKER = `${hostname()}:${process.pid}`;

const names = new Set<string>();

/** How often the lag of the event loop is looked at; at the usual 10 ms a process never rests. */
const LAG_EVERY_MS = 50;

/** Says that `name` runs in this process from now on. */
export function nameProcess(name: string): void {
  if (names.size === 0) collectDefaultMetrics({ eventLoopMonitoringPrecision: LAG_EVERY_MS });
  names.add(name);
}

/** What runs in this process: one name, or several joined by `+`. */
export const processName = (): string => [...names].toSorted().join('+');

/** Everything that this process counts and measures, as plain data. */
export const ownMetrics = (): Promise<object[]> => register.getMetricsAsJSON();

interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
}

/** The numbers of several processes -> one text for Prometheus, each with its process's labels. */
export function exposition(
  reported: readonly {
    readonly process: string;
    readonly worker: string;
    readonly metrics: readonly object[];
  }[],
): Promise<string> {
  const all = reported.map(({ process, worker, metrics }) =>
    metrics.map((metric) => {
      const { values = [] } = metric as { values?: readonly Sample[] };
      const labelled = values.map((value) =>
        Object.assign({}, value, { labels: { ...value.labels, process, worker } }),
      );
      // Nothing is summed: the labels keep what two processes say apart.
      return Object.assign({}, metric, { values: labelled, aggregator: 'first' });
    }),
  );
  return AggregatorRegistry.aggregate(all).metrics();
}
