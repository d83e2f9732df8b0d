/** Structured logs: one JSON line each on standard error, which the supervisor keeps in a file. */
import { pino, type Logger } from 'pino';

export type { Logger };

const SECRET = [
  '*.password',
  '*.token',
  'hmac',
  '*.hmac',
  'headers.authorization',
  // The client of Redis hangs the command onto its error: AUTH, with user and password.
  'err.command.args',
  'err.aggregateErrors[*].command.args',
];

export const openLog = (level: string, role: string): Logger =>
  pino(
    {
      level,
      base: { role },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: SECRET,
    },
    pino.destination({ dest: 2, sync: true }),
  );
