/** A job's process that does what its message says: see `job-children.test.ts`. */
import { startHeartbeats } from '../../src/runtime/heartbeat-thread.ts';

startHeartbeats();
process.once('disconnect', () => process.exit());
process.on('message', ({ data }: { data: { subject: string } }) => {
  if (data.subject === 'freeze') process.kill(process.pid, 'SIGSTOP');
  if (data.subject === 'crash') process.exit(7);
  if (data.subject === 'never') return;
  if (data.subject === 'busy')
    for (const end = performance.now() + 7_000; performance.now() < end;);
  process.send?.({ ended: 'done' });
});
