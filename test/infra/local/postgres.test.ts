import { expect, test } from 'vitest';
import { unprivileged } from '../../../infra/local/postgres-home.ts';

const ROOT = 'root:x:0:0:root:/root:/bin/bash';
const NOBODY = 'nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin';

test('root runs PostgreSQL as postgres where there is one', () => {
  const passwd = [ROOT, NOBODY, 'postgres:x:104:106::/var/lib/postgresql:/bin/bash'].join('\n');
  expect(unprivileged(passwd)).toEqual({ uid: 104, gid: 106 });
});

test('root runs it as daemon otherwise: nobody is to own no files', () => {
  const passwd = [ROOT, NOBODY, 'daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin'].join('\n');
  expect(unprivileged(passwd)).toEqual({ uid: 1, gid: 1 });
});

test('root runs PostgreSQL as nobody at last, by number where even that has no name', () => {
  expect(unprivileged([ROOT, NOBODY].join('\n'))).toEqual({ uid: 65_534, gid: 65_533 });
  expect(unprivileged(ROOT)).toEqual({ uid: 65_534, gid: 65_534 });
});

test('a postgres that is root in disguise is passed over', () => {
  expect(unprivileged('postgres:x:0:0::/:/bin/sh')).toEqual({ uid: 65_534, gid: 65_534 });
});
