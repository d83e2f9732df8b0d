/** Mutations of what may be said over HTTP, and by whom. */
import { mutation, testsIn, type Mutation } from './mutation.ts';

const WORDS = 'src/http/words.ts';
const TEST = 'test/http/words.test.ts';
const words = testsIn(TEST, 'words');
const tokens = testsIn(TEST, 'wrong tokens');
const beyond = testsIn(TEST, 'beyond loopback');

export const HTTP_MUTATIONS: readonly Mutation[] = [
  mutation(
    'nul-in-an-address',
    words('of an address are looked at: /items/%00'),
    WORDS,
    "if (text.includes('\\0'))",
    "if (text.startsWith('\\0\\0'))",
  ),
  mutation(
    'number-without-end',
    words('of an address are looked at: /items/a?limit=Infinity'),
    WORDS,
    "  app.addHook('preHandler', async ({ params, query }) => check({ params, query }));\n",
    '',
  ),
  mutation(
    'method-not-there',
    words('with a method that an address does not have are told which it has'),
    WORDS,
    'if (allowed.length === 0) return;',
    'if (allowed.length >= 0) return;',
  ),
  mutation(
    'answer-repeats-all-that-was-sent',
    words('that are long are not repeated whole: an answer is a reason, no echo'),
    'src/http/problem.ts',
    'const LONGEST = 1_000;',
    'const LONGEST = 1_000_000;',
  ),
  mutation(
    'tokens-without-end',
    tokens('are a mistake ten times, and refused for what is left of the minute'),
    'src/http/wrong-tokens.ts',
    'if (count.wrong <= MISTAKES_MAX) return 0;',
    'if (count.wrong > 0) return 0;',
  ),
  mutation(
    'plain-beyond-loopback',
    beyond('a server needs TLS, or somebody who says that it does not'),
    'src/http/exposure.ts',
    "if (isLoopbackHost(httpHost) || httpInsecure === 'true') return null;",
    "if (isLoopbackHost(httpHost) || httpInsecure !== '') return null;",
  ),
];
