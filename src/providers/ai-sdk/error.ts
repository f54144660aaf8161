/** What goes wrong in a package of the AI SDK as a ProviderError, by the rules of every other wire format. */
import { TurnpikeError } from '../../errors.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import { connectionError, garbage, toldError } from '../errors/error.ts';
import { retryAfterSeconds } from '../errors/retry-after.ts';
import { ProviderError } from '../provider-error.ts';
import { withoutSecret } from '../redaction.ts';
import { CapNotKept, type Outgoing } from './package-fetch.ts';

const MAX_DETAIL_CHARACTERS = 2000;

/** Its classes have these names in every copy of the AI SDK that may be installed beside each other. */
const REFUSED_BEFORE_SENDING = new Set([
  'AI_UnsupportedFunctionalityError',
  'AI_InvalidPromptError',
  'AI_InvalidArgumentError',
]);
const NOT_ITS_FORMAT = new Set([
  'AI_TypeValidationError',
  'AI_JSONParseError',
  'AI_InvalidResponseDataError',
  'AI_EmptyResponseBodyError',
  'AI_NoContentGeneratedError',
]);

/** `outgoing` knows what was sent and how it ended, whatever the package made of it. */
export function failureOf(thrown: unknown, outgoing: Outgoing, secrets: readonly string[]): Error {
  if (outgoing.failure !== null) return connectionError(outgoing.failure);
  if (thrown instanceof TurnpikeError) return callersFault(thrown.message, secrets);
  if (thrown instanceof CapNotKept) {
    return callersFault(
      'this model’s provider cannot keep an output cap with these settings; ask for less thinking or another cap',
      secrets,
    );
  }
  const status = numberIn(thrown, 'statusCode');
  const body = textOrNull(memberOf(thrown, 'responseBody'));
  if (status !== null && status >= 400 && !isStreamError(thrown))
    return told(status, body ?? '', outgoing, secrets);
  const name = thrown instanceof Error ? thrown.name : '';
  if (!outgoing.wasSent) return unsent(name, textOf(thrown), secrets);
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause.name : '';
  if (NOT_ITS_FORMAT.has(name) || NOT_ITS_FORMAT.has(cause)) {
    return garbage(
      'Provider returned an answer that cannot be read',
      cleaned(body ?? textOf(thrown), secrets),
      null,
    );
  }
  return insideOfStream(thrown, secrets);
}

/** The package waits for something else than its vendor: the token of whoever signs it in. */
export function neverAsked(): ProviderError {
  return new ProviderError('timeout', {
    fault: 'provider',
    message: 'Provider did not answer in time',
    neverSent: true,
  });
}

/** The stream ended, and nothing in it said that the answer had. */
export function brokenOff(): ProviderError {
  return new ProviderError('unreachable', {
    fault: 'provider',
    message: 'Provider could not be reached or closed the connection',
    hasAnswered: true,
  });
}

function told(status: number, body: string, outgoing: Outgoing, secrets: readonly string[]): ProviderError {
  const text = cleaned(body, secrets);
  const head = outgoing.head ?? undefined;
  return toldError(
    {
      status,
      value: withAmazonsWord(parsed(text), head?.header('x-amzn-errortype') ?? null),
      text,
      retryAfterSeconds: retryAfterSeconds(head),
    },
    null,
  );
}

/** Amazon says what kind of error it is in a header: `ThrottlingException:http://…`. */
function withAmazonsWord(value: unknown, header: string | null): unknown {
  const word = header === null ? null : /^[A-Za-z]{1,64}/.exec(header)?.[0];
  if (word === null || word === undefined || !isJsonObject(value)) return value;
  return { code: word, ...value };
}

/** A package that cannot say what was asked, or found no credentials. */
function unsent(name: string, message: string, secrets: readonly string[]): ProviderError {
  if (REFUSED_BEFORE_SENDING.has(name)) return callersFault(message, secrets);
  return new ProviderError('status', {
    fault: 'account',
    message: 'The provider does not serve this gateway at the moment',
    detail: cleaned(message, secrets).slice(0, MAX_DETAIL_CHARACTERS),
    status: 401,
    neverSent: true,
  });
}

function callersFault(message: string, secrets: readonly string[]): ProviderError {
  return new ProviderError('status', {
    fault: 'caller',
    message: cleaned(message, secrets).slice(0, 500),
    status: 400,
    neverSent: true,
  });
}

/** An error among the parts of a stream: a text, the vendor's own object, or what the package made of it. */
function insideOfStream(thrown: unknown, secrets: readonly string[]): ProviderError {
  const status = numberIn(thrown, 'statusCode');
  const error: JsonObject = {
    message: textOf(thrown),
    ...plainWord(thrown, 'type'),
    ...plainWord(thrown, 'code'),
    ...(status === null ? {} : { status }),
  };
  const text = cleaned(JSON.stringify({ error }), secrets);
  return toldError({ status: null, value: parsed(text), text }, null);
}

function isStreamError(thrown: unknown): boolean {
  return !(thrown instanceof Error);
}

function plainWord(thrown: unknown, name: 'type' | 'code'): JsonObject {
  const word = memberOf(thrown, name);
  return typeof word === 'string' || typeof word === 'number' ? { [name]: word } : {};
}

function memberOf(thrown: unknown, name: string): unknown {
  return typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined;
}

function numberIn(thrown: unknown, name: string): number | null {
  const value = memberOf(thrown, name);
  return typeof value === 'number' ? value : null;
}

function textOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  return textOrNull(memberOf(thrown, 'message')) ?? '';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function cleaned(text: string, secrets: readonly string[]): string {
  return secrets.reduce(withoutSecret, text);
}
