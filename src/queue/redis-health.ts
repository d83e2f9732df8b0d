/**
 * Redis -> what is wrong with it as a place for queues, or null. Queried as the queues would
 * use it: by a write, because a full or read-only server answers every PING.
 */
import { monotonicMs } from '../clock.ts';
import { openRedis, type RedisAccess } from './redis.ts';

export interface RedisFinding {
  readonly kind: 'away' | 'full' | 'read-only' | 'evicting' | 'slow';
  /** What is so, and what to do. */
  readonly message: string;
}

const PATIENCE_MS = 1_500;
const SLOW_MS = 500;
const PROBE = 'tickloom-probe';
/** Of its memory; above it the next burst does not fit. */
const NEARLY_FULL = 0.95;

/** Never rejects; takes two seconds at most. */
export async function redisFinding(access: RedisAccess): Promise<RedisFinding | null> {
  const redis = openRedis(access, {
    lazyConnect: true,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    const startMs = monotonicMs();
    await redis.set(PROBE, '1', 'EX', 60);
    const tookMs = monotonicMs() - startMs;
    // Not everybody may ask for it; then what can be seen has to do.
    const memory = await redis.info('memory').catch(() => '');
    return memoryFinding(memory) ?? latencyFinding(tookMs);
  } catch (error) {
    return errorFinding(error as Error);
  } finally {
    redis.disconnect();
  }
}

export function errorFinding({ message }: Error): RedisFinding {
  if (message.startsWith('OOM ')) {
    return finding('full', 'Redis is full and takes no job: give it more memory (maxmemory)');
  }
  if (message.startsWith('READONLY ')) {
    return finding(
      'read-only',
      'Redis is a read-only replica: point TICKLOOM_REDIS_URL at a master',
    );
  }
  if (message.startsWith('MISCONF ')) {
    return finding('read-only', `Redis takes no writes, its disk is full or broken: ${message}`);
  }
  const how = /timed out|ETIMEDOUT/i.test(message) ? `does not answer: ${message}` : message;
  return finding('away', `Redis is away (${how}): jobs wait, the flow goes on; start it again`);
}

/** From what INFO says of the memory. */
export function memoryFinding(info: string): RedisFinding | null {
  const field = (name: string): string => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1] ?? '';
  const most = Number(field('maxmemory').trim());
  const policy = field('maxmemory_policy').trim();
  if (!(most > 0)) return null;
  if (policy !== '' && policy !== 'noeviction') {
    return finding(
      'evicting',
      `Redis forgets jobs when it is full: set maxmemory-policy to noeviction, it is ${policy}`,
    );
  }
  const share = Number(field('used_memory').trim()) / most;
  if (share < NEARLY_FULL) return null;
  return finding('full', `Redis uses ${Math.round(share * 100)} % of its memory: raise maxmemory`);
}

const latencyFinding = (tookMs: number): RedisFinding | null =>
  tookMs < SLOW_MS
    ? null
    : finding(
        'slow',
        `Redis took ${Math.round(tookMs)} ms for one write: look at its load and disk`,
      );

const finding = (kind: RedisFinding['kind'], message: string): RedisFinding => ({ kind, message });
