/**
 * Errors of OpenAI's dialect and of those who nearly speak it: `{error: {message, type, code}}` and a dozen other shapes, in an
 * error answer, as a whole answer under a 200, or as an event inside a stream.
 */
import { isJsonObject, type JsonObject } from '../../json.ts';
import { type Fault, ProviderError } from '../provider-error.ts';
import type { SecretGuard } from '../secret-guard.ts';

/** What an error says, before anything of it is believed or shown. */
interface Said {
  readonly message: string | null;
  readonly words: readonly string[];
  /** The HTTP status that its body names. */
  readonly status: number | null;
}

const MOST_MESSAGE_CHARACTERS = 500;
const MOST_RAW_CHARACTERS = 2000;

/** Whether an answer under a 200, or an event of a stream, is an error. `name` is the `event` field of a server-sent event. */
export function isErrorShape(value: unknown, name = ''): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every((item) => isErrorShape(item));
  if (!isJsonObject(value)) return false;
  if (saysSomething(value['error'])) return true;
  if (value['object'] === 'error' || value['type'] === 'error' || name === 'error') return true;
  if (Array.isArray(value['choices'])) return false;
  if (saysSomething(value['errors']) || saysSomething(value['detail']) || isJsonObject(value['fault']))
    return true;
  if (['error_code', 'error_msg', 'error_message'].some((member) => saysSomething(value[member])))
    return true;
  const isCoded = ['code', 'status', 'type', 'statusCode'].some((member) => saysSomething(value[member]));
  return typeof value['message'] === 'string' && isCoded && value['usage'] === undefined;
}

/** An empty text, object or list in the place of an error is how some say that there is none. */
function saysSomething(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return false;
  if (Array.isArray(value)) return value.length > 0;
  return !isJsonObject(value) || Object.keys(value).length > 0;
}

export interface ErrorContext {
  readonly guard: SecretGuard;
  /** Of the answer; null for an error under a 200. */
  readonly status: number | null;
  /** As it came, where it is an error answer. */
  readonly text: string;
  readonly retryAfterSeconds: number | null;
}

/** The failure that `body` announces; `body` is null where the answer was not JSON. */
export function errorOf(
  body: unknown,
  { guard, status, text, retryAfterSeconds }: ErrorContext,
): ProviderError {
  const said = body === null ? { message: null, words: [], status: null } : readError(body);
  const isRedirect = status !== null && status >= 300 && status < 400;
  const meant = isRedirect ? 502 : (status ?? said.status ?? statusOfWords(said.words));
  const fault = faultOf(meant, said);
  const shown = fault === 'caller' && said.message !== null ? guard.redact(said.message) : OWN_WORDS[fault];
  return new ProviderError('status', {
    fault,
    message: (isRedirect ? 'Provider answered with a redirect' : shown).slice(0, MOST_MESSAGE_CHARACTERS),
    detail: guard.redact(text.slice(0, MOST_RAW_CHARACTERS)),
    status: meant,
    providerCode: codeOf(said.words, guard),
    raw: fault === 'caller' && body !== null ? guard.redact(text).slice(0, MOST_RAW_CHARACTERS) : null,
    isContextLength: fault === 'caller' && isContextLength(said),
    retryAfterSeconds,
    hasAnswered: status === null,
  });
}

const OWN_WORDS: Readonly<Record<Fault, string>> = {
  caller: 'Provider returned error',
  account: 'Provider is unavailable: its operator has to look at the account there',
  rate: 'Provider rate limit exceeded',
  provider: 'Provider returned error',
};

function readError(body: unknown): Said {
  if (Array.isArray(body)) return readError(body.find((item) => isErrorShape(item)) ?? {});
  if (typeof body === 'string') return { message: body, words: [], status: null };
  if (!isJsonObject(body)) return { message: null, words: [], status: null };
  const inner = [body['error'], body['fault'], firstOf(body['errors'])].find(saysSomething);
  const nested = inner === undefined ? null : readError(inner);
  const own = ['code', 'type', 'status', 'error_code', 'reason', 'statusCode'].map((name) => body[name]);
  return {
    message: nested?.message ?? messageOf(body),
    words: [
      ...(nested?.words ?? []),
      ...own.filter((word) => typeof word === 'string' && word !== 'error'),
    ] as string[],
    status: nested?.status ?? own.map(statusOf).find((status) => status !== null) ?? null,
  };
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}

function messageOf(body: JsonObject): string | null {
  for (const name of ['message', 'msg', 'error_msg', 'error_message', 'faultstring', 'detail', 'title']) {
    const value = body[name];
    if (typeof value === 'string' && value !== '') return value;
    if (isJsonObject(value)) return messageOf(value);
    if (Array.isArray(value) && value.length > 0) return value.map(detailText).join('; ');
  }
  return null;
}

/** One of FastAPI's: what is wrong, and where. */
function detailText(detail: unknown): string {
  if (!isJsonObject(detail)) return String(detail);
  const where = Array.isArray(detail['loc']) ? `${detail['loc'].join('.')}: ` : '';
  return where + (messageOf(detail) ?? JSON.stringify(detail));
}

function statusOf(value: unknown): number | null {
  const status = typeof value === 'string' && /^[45]\d\d$/.test(value) ? Number(value) : value;
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status < 600
    ? status
    : null;
}

/** What vendors' words mean, in lower case without separators. */
const STATUS_OF_WORD: Readonly<Record<string, number>> = {
  ratelimitexceeded: 429,
  ratelimiterror: 429,
  ratelimited: 429,
  toomanyrequests: 429,
  resourceexhausted: 429,
  throttlingexception: 429,
  insufficientquota: 402,
  insufficientbalance: 402,
  billinghardlimitreached: 402,
  billingnotactive: 402,
  paymentrequired: 402,
  creditsexhausted: 402,
  invalidapikey: 401,
  authenticationerror: 401,
  unauthenticated: 401,
  unauthorized: 401,
  permissiondenied: 403,
  permissiondeniederror: 403,
  permissionerror: 403,
  forbidden: 403,
  notfound: 404,
  notfounderror: 404,
  modelnotfound: 404,
  invalidrequesterror: 400,
  invalidargument: 400,
  invalidprompt: 400,
  badrequest: 400,
  badrequesterror: 400,
  validationerror: 400,
  unsupportedparameter: 400,
  unsupportedvalue: 400,
  contentpolicyviolation: 400,
  contextlengthexceeded: 400,
  stringabovemaxlength: 400,
  requesttoolarge: 413,
  unprocessableentity: 422,
  unprocessableentityerror: 422,
  overloaded: 503,
  overloadederror: 529,
  engineoverloaded: 503,
  engineoverloadederror: 503,
  unavailable: 503,
  serviceunavailable: 503,
  timeout: 504,
  timeouterror: 504,
  deadlineexceeded: 504,
  internal: 500,
  internalerror: 500,
  internalservererror: 500,
  servererror: 500,
  apierror: 500,
};

function statusOfWords(words: readonly string[]): number | null {
  for (const word of words) {
    const status = STATUS_OF_WORD[plain(word)];
    if (status !== undefined) return status;
  }
  return null;
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** A provider says this of the operator's key or money, whatever status it gives. */
const ACCOUNT =
  /insufficient.{0,3}(quota|balance|credit|fund)|(exceeded|reached|over) your (current |monthly )?(quota|budget|spend)|credit balance|out of credits|\bbilling\b|payment|suspended|deactivated|api.?key|access token|not authorized|unauthori[sz]ed/i;

function faultOf(status: number | null, said: Said): Fault {
  if (status === 401 || status === 402 || status === 403) return 'account';
  const isAccounts =
    said.words.some((word) => [401, 402, 403].includes(STATUS_OF_WORD[plain(word)] ?? 0)) ||
    (said.message !== null && ACCOUNT.test(said.message));
  if (isAccounts && (status === null || status === 400 || status === 429)) return 'account';
  if (status === 429) return 'rate';
  return status === 400 || status === 413 || status === 422 ? 'caller' : 'provider';
}

const CONTEXT_LENGTH =
  /context.{0,12}(length|window|size|limit)|maximum.{0,20}(context|prompt|input|sequence)|(prompt|input|message|request|conversation).{0,20} too (long|large)|too many (input )?tokens|reduce the length|exceeds?.{0,40}(maximum|max|limit|model).{0,40}token|token.{0,20}(count|limit).{0,30}exceed|longer than the model|max_(model|seq|position).{0,6}_?len|n_ctx/i;

function isContextLength({ message, words }: Said): boolean {
  if (words.some((word) => /context.?length|context.?size|string_above_max_length/i.test(word))) return true;
  return message !== null && CONTEXT_LENGTH.test(message);
}

/** The first of the vendor's own words that is one, and nothing secret. */
function codeOf(words: readonly string[], guard: SecretGuard): string | null {
  return words.find((word) => /^[\w.:-]{1,64}$/.test(word) && guard.redact(word) === word) ?? null;
}
