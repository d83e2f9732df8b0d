/** The numbers of several processes in one text: none is summed, dropped or told twice. */
import { describe, expect, test } from 'vitest';
import { Registry } from 'prom-client';
import { exposition, nameProcess, ownMetrics, processName } from '../src/metrics.ts';

const metric = (name: string, value: number, aggregator = 'sum') => ({
  ...{ name, help: 'h', type: 'counter', aggregator },
  values: [{ value, labels: { stage: 'sink' } }],
});

describe('what processes say of themselves', () => {
  test('stands side by side by process and worker', async () => {
    const text = await exposition([
      { process: 'sink', worker: 'a:1', metrics: [metric('n_total', 3)] },
      { process: 'sink', worker: 'a:2', metrics: [metric('n_total', 4)] },
      { process: 'stream', worker: 'a:3', metrics: [metric('n_total', 5, 'omit')] },
    ]);
    expect(text.split('\n').filter((line) => line.startsWith('n_total'))).toEqual([
      'n_total{stage="sink",process="sink",worker="a:1"} 3',
      'n_total{stage="sink",process="sink",worker="a:2"} 4',
      'n_total{stage="sink",process="stream",worker="a:3"} 5',
    ]);
    expect(text.match(/# TYPE n_total/g)).toHaveLength(1);
  });

  test("has Node's numbers by the names that dashboards know", async () => {
    nameProcess('sink');
    nameProcess('http');
    nameProcess('sink');
    expect(processName()).toBe('http+sink');
    const names = (await ownMetrics()).map((each) => (each as { name: string }).name);
    for (const known of [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'process_start_time_seconds',
      'nodejs_eventloop_lag_seconds',
      'nodejs_heap_size_used_bytes',
    ]) {
      expect(names).toContain(known);
    }
    const reported = { process: 'x', worker: 'x:1', metrics: await ownMetrics() };
    const text = await exposition([reported]);
    // Of one process alone, what a cluster would leave out is there too.
    expect(text).toMatch(/^process_start_time_seconds\{process="x",worker="x:1"\} \d/m);
    expect(Registry.PROMETHEUS_CONTENT_TYPE).toContain('0.0.4');
  });
});
