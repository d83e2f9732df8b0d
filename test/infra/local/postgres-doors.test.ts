import { expect, test } from 'vitest';
import { newClusterSql, scramVerifier } from '../../../infra/local/postgres-doors.ts';

test('a verifier is what PostgreSQL itself would store', () => {
  // RFC 7677, section 3: user "user", password "pencil".
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
  expect(scramVerifier('pencil', salt)).toBe(
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$' +
      'WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  );
  expect(scramVerifier('pencil')).not.toBe(scramVerifier('pencil'));
});

test('a new cluster gets roles without rights, and no statement has a password in it', () => {
  const sql = newClusterSql({
    database: `it's "mine"`,
    application: { user: 'app', password: 'canary-app' },
    readonly: { user: 'reader', password: 'canary-reader' },
  });
  expect(sql).not.toContain('canary');
  expect(sql.match(/NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS/g)).toHaveLength(
    4,
  );
  expect(sql).toContain('CREATE DATABASE "it\'s ""mine""" OWNER "app"');
});
