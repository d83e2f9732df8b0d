/**
 * What a user of the machine without any rights meets at each door: run as that user, with the
 * doors as JSON on its standard input; prints the answers. Needs nothing but Node.
 */
import { closeSync, openSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';

const { http, postgres, questdbPg, redis, paths } = JSON.parse(readFileSync(0, 'utf8'));

/** The first answer to `bytes` on a connection of its own; `next` may go on talking. */
function talk(port, bytes, next = () => null) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 5000 }, () => socket.write(bytes));
    socket.once('error', reject);
    socket.once('timeout', () => reject(new Error(`no answer on ${port}`)));
    socket.on('data', (answer) => {
      const more = next(answer);
      if (more !== null) return socket.write(more);
      socket.destroy();
      return resolve(answer);
    });
  });
}

function startup(user, database) {
  const text = Buffer.from(`user\0${user}\0database\0${database}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + text.length, 0);
  head.writeInt32BE(196608, 4);
  return Buffer.concat([head, text]);
}

function passwordMessage(text) {
  const body = Buffer.from(`${text}\0`);
  const head = Buffer.alloc(5);
  head.write('p');
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

/** What the server says: `let in`, `wants SCRAM`, or the message of its refusal. */
function verdict(answer) {
  if (answer[0] === 0x45)
    return answer
      .toString('latin1')
      .replace(/[^ -~]+/g, ' ')
      .trim();
  const code = answer.readInt32BE(5);
  return { 0: 'let in', 3: 'wants a password', 10: 'wants SCRAM' }[code] ?? `code ${code}`;
}

async function enter(port, user, database, password) {
  let isAnswered = false;
  const answer = await talk(port, startup(user, database), (first) => {
    if (isAnswered || first[0] !== 0x52 || first.readInt32BE(5) !== 3) return null;
    isAnswered = true;
    return passwordMessage(password);
  });
  return verdict(answer);
}

function ask({ method, path, headers = {}, body = '' }) {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: http.port, method, path, headers };
    const sent = request(options, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    sent.on('error', reject).end(body);
  });
}

/** Whatever of a path is open: reading, writing, listing, making a file. */
function openWays(path) {
  const tries = {
    read: () => closeSync(openSync(path, 'r')),
    write: () => closeSync(openSync(path, 'r+')),
    list: () => readdirSync(path),
    make: () => writeFileSync(join(path, 'was-here'), ''),
  };
  return Object.entries(tries).flatMap(([way, attempt]) => {
    try {
      attempt();
      return [`${way} ${path}`];
    } catch (error) {
      // A file is no directory, nor the other way round: no way in either.
      const shut = ['EACCES', 'EPERM', 'ENOTDIR', 'EISDIR'].includes(error.code);
      return shut ? [] : [`${error.code} ${way} ${path}`];
    }
  });
}

const one = (name, work) =>
  work.then(
    (value) => [name, value],
    (error) => [name, error.message],
  );
const answers = await Promise.all([
  ...http.requests.map((each) => one(each.name, ask({ ...each }))),
  ...postgres.roles.map((role) => one(`postgres ${role}`, enter(postgres.port, role, 'tickloom'))),
  ...questdbPg.logins.map(([user, password]) =>
    one(`questdb ${user}:${password}`, enter(questdbPg.port, user, 'qdb', password)),
  ),
  ...redis.commands.map((command) =>
    one(
      `redis ${command}`,
      talk(redis.port, `${command}\r\n`).then((it) => it.toString().trim()),
    ),
  ),
]);
console.log(JSON.stringify({ uid: process.getuid(), answers, open: paths.flatMap(openWays) }));
