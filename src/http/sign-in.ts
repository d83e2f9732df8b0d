/**
 * The page's door where reading needs a token: a form that takes it and gives the browser a cookie.
 * The token goes in the body of a request, because addresses end up in logs and histories.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';

export const SIGN_IN = '/sign-in';

const FORM = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>tickloom: sign in</title>
<h1>tickloom</h1>
<form method="post" action="${SIGN_IN}">
<p><label>Token (the file <code>http-token</code> in the data directory)<br>
<input name="token" type="password" autocomplete="current-password" required autofocus></label></p>
<p><button>Sign in</button></p>
</form>
</html>
`;

const CONTENT_SECURITY =
  "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** Answers with the form; 401, because what was requested is not given. */
export const sendSignInForm = (reply: FastifyReply): FastifyReply =>
  reply
    .code(401)
    .header('content-security-policy', CONTENT_SECURITY)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .serializer(String)
    .send(FORM);

export interface SignInOptions {
  /** The cookie of a right token; a problem is thrown at a wrong one. */
  readonly makeCookie: (token: string, ip: string) => string;
}

export function signIn(app: FastifyInstance, { makeCookie }: SignInOptions): void {
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: 4_096 },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  app.post(SIGN_IN, { schema: { hide: true } }, (request, reply) => {
    const { token } = (request.body ?? {}) as { token?: unknown };
    const cookie = makeCookie(typeof token === 'string' ? token.trim() : '', request.ip);
    return reply.header('set-cookie', cookie).redirect('/', 303);
  });
}
