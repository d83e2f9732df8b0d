/** Which authorities a TLS connection trusts: the system's, and those of the setting's file. */
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';

/** For `ca` of a connection; undefined: the system's alone. Throws where the file is gone. */
export const trusted = (ca: string | null): string[] | undefined =>
  ca === null ? undefined : [...rootCertificates, readFileSync(ca, 'utf8')];
