/**
 * Errors -> RFC 9457 `application/problem+json`. A `Problem` is thrown where the trouble is seen;
 * it says what was seen and what to do. Everything else becomes 503 when a server is away, or 500
 * with the details in the log alone.
 */
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';

export const ProblemBody = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  instance: Type.String(),
  errors: Type.Optional(
    Type.Array(Type.Object({ parameter: Type.String(), detail: Type.String() })),
  ),
});
type ProblemBody = Static<typeof ProblemBody>;
type ParameterError = NonNullable<ProblemBody['errors']>[number];

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Token needed',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported media type',
  416: 'Range not satisfiable',
  421: 'Misdirected request',
  429: 'Too many wrong tokens',
  431: 'Too much in front of the body',
  503: 'Not available now',
};

/** An answer that is not the requested one; `errors` names the parameters at fault. */
export class Problem extends Error {
  readonly status: number;
  readonly errors: readonly ParameterError[];

  constructor(status: number, detail: string, errors: readonly ParameterError[] = []) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
    this.errors = errors;
  }
}

/** Whoever sends wrong tokens waits so many seconds. */
export class TooManyWrong extends Problem {
  readonly waitS: number;

  constructor(waitS: number) {
    super(429, `too many wrong tokens from this address: wait ${waitS} s`);
    this.waitS = waitS;
  }
}

/** 400 about one parameter of the query. */
export const badParameter = (parameter: string, detail: string): Problem =>
  new Problem(400, `parameter "${parameter}": ${detail}`, [{ parameter, detail }]);

export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): void {
  const { status, errors } = problem;
  const body: ProblemBody = {
    type: 'about:blank',
    title: TITLES[status] ?? (status < 500 ? 'Request refused' : 'Internal error'),
    status,
    detail: shortened(problem.message),
    instance: shortened(request.url.split('?', 1)[0] ?? '/'),
    ...(errors.length > 0 ? { errors: errors.slice(0, MOST_ERRORS).map(shortenedError) } : {}),
  };
  if (status === 401) void reply.header('www-authenticate', 'Bearer realm="tickloom"');
  if (status === 503) void reply.header('retry-after', '2');
  if (problem instanceof TooManyWrong) void reply.header('retry-after', String(problem.waitS));
  void reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(body);
}

/** An answer repeats so much of what was sent, and no more: a reason, not an echo. */
const LONGEST = 1_000;
const MOST_ERRORS = 10;

const shortened = (text: string): string =>
  text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}… (${text.length} characters)`;

const shortenedError = ({ parameter, detail }: ParameterError): ParameterError => ({
  parameter: shortened(parameter),
  detail: shortened(detail),
});

/**
 * What is no HTTP, or too much of it, is answered before there is a request: in the same form, and
 * then the connection ends.
 */
export function answerBroken(error: { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const isLong = error.code === 'HPE_HEADER_OVERFLOW';
  const status = isLong ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const title = TITLES[status] ?? 'Request refused';
  const detail = isLong ? 'the address or the headers are too long' : 'that is no HTTP request';
  const body = JSON.stringify({ type: 'about:blank', title, status, detail, instance: '/' });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** Makes every error and every unknown address of `app` a problem. */
export function useProblems(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = toProblem(error);
    sendProblem(request, reply, problem);
  });
  app.setNotFoundHandler((request, reply) => {
    const detail = `nothing answers ${request.method} ${request.url.split('?', 1)[0]}`;
    sendProblem(request, reply, new Problem(404, `${detail}; see /v1/openapi.json`));
  });
}

function toProblem(error: FastifyError): Problem {
  if (error instanceof Problem) return error;
  if (error.validation !== undefined) return validationProblem(error.validation);
  if (isAway(error)) {
    return new Problem(503, 'a server behind this API does not answer; /readyz says which');
  }
  if (isWrongValue(error)) {
    return new Problem(400, `a value that the tables do not take: ${error.message.slice(0, 200)}`);
  }
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) return new Problem(status, error.message);
  return new Problem(500, 'an error of ours: the details are in the log');
}

function validationProblem(validation: NonNullable<FastifyError['validation']>): Problem {
  const errors = validation.map(({ keyword, instancePath, params, message }) => {
    if (keyword === 'additionalProperties') {
      const parameter = String(params['additionalProperty']);
      return { parameter, detail: 'no such parameter; see /v1/openapi.json' };
    }
    if (keyword === 'required') {
      return { parameter: String(params['missingProperty']), detail: 'is needed' };
    }
    return {
      parameter: instancePath.slice(1),
      detail: describeViolation(keyword, params, message),
    };
  });
  const [first] = errors;
  return new Problem(400, `parameter "${first?.parameter}": ${first?.detail}`, errors);
}

function describeViolation(
  keyword: string,
  params: Record<string, unknown>,
  message = 'is wrong',
): string {
  const allowed = params['allowedValues'];
  if (keyword === 'enum' && Array.isArray(allowed)) return `must be one of ${allowed.join(', ')}`;
  return message;
}

/** A value that got past every schema, and that PostgreSQL refuses as data (class 22). */
const isWrongValue = ({ code }: FastifyError): boolean => /^22[0-9A-Z]{3}$/.test(code);

/** A database that is down, restarting or too slow: trouble of the world that may pass. */
export function isAway(error: { code?: string; message: string }): boolean {
  const { code = '', message } = error;
  if (/^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)/.test(code)) return true;
  if (/^(08|53|57)[0-9A-Z]{3}$/.test(code)) return true;
  return /Connection terminated|timeout exceeded|Query read timeout/i.test(message);
}
