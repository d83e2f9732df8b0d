/** A connection to Redis from the configuration: `redis:`, or `rediss:` with TLS. */
import { Redis, type RedisOptions } from 'ioredis';
import { trusted } from '../tls.ts';

export interface RedisAccess {
  /** With user and password in it, where there are any. */
  readonly redisUrl: string;
  /** A file of certificates to trust beside those of the system. */
  readonly tlsCa: string | null;
}

type Options = Omit<RedisOptions, 'replyMapping'>;

/** An error without a listener would end the process: the caller listens, if only to ignore it. */
export function openRedis({ redisUrl, tlsCa }: RedisAccess, options: Options = {}): Redis {
  const ca = redisUrl.startsWith('rediss:') ? trusted(tlsCa) : undefined;
  const whole: Options = ca === undefined ? options : { ...options, tls: { ca } };
  return new Redis(redisUrl, whole);
}
