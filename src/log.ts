/** Structured logs: one JSON line each on standard error, which the supervisor keeps in a file. */
import { pino, type Logger } from 'pino';

export type { Logger };

export const openLog = (level: string, role: string): Logger =>
  pino(
    {
      level,
      base: { role },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['*.password', '*.token', 'hmac', '*.hmac', 'headers.authorization'],
    },
    pino.destination({ dest: 2, sync: true }),
  );
