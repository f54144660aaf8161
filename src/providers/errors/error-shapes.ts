/** What vendors write when they fail, in whatever shape: recognised, and read into its sentence, its words and its status. */
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import { retryAfterIn } from './retry-after.ts';

export interface ReadError {
  /** The vendor's sentence. Not yet free of secrets. */
  readonly message: string | null;
  /** Its words for the kind of error, most specific first (`code`, `type`, `status`). Not yet free of secrets. */
  readonly words: readonly string[];
  /** An HTTP status that it states itself. */
  readonly status: number | null;
  /** Seconds until a repeat can help (Google's `RetryInfo`, OpenRouter's head of an answer inside of the body). */
  readonly retryAfterSeconds: number | null;
}

/** Members that hold an error inside of another object. */
const WRAPPERS = [
  'error',
  'x_groq',
  'errors',
  'fault',
  'Error',
  'exception',
  'base_resp',
  'detail',
  'details',
];
const MESSAGES = [
  'message',
  'msg',
  'detail',
  'error_msg',
  'error_message',
  'errorMessage',
  'error_description',
  'status_msg',
  'faultstring',
  'Message',
  'reason',
  'title',
  'error',
];
const WORDS = ['code', 'error_code', 'errorCode', 'errorcode', 'type', 'error_type', 'status', 'status_code'];
const STATUSES = [
  'code',
  'status',
  'status_code',
  'statusCode',
  'http_status',
  'http_status_code',
  'error_code',
];
const MAX_DEPTH = 5;

/**
 * Whether an event or a body that came under a 200 tells of an error. An `error` member that is null, empty or false beside choices
 * says that there is none.
 */
export function isError(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every(isError);
  if (!isJsonObject(value)) return false;
  if (isTold(value['error'])) return true;
  if (value['object'] === 'error' || value['type'] === 'error') return true;
  if (isFailedStatus(value['base_resp'])) return true;
  // Groq says in a member of its own why it broke off.
  if (isJsonObject(value['x_groq']) && isTold(value['x_groq']['error'])) return true;
  if (Array.isArray(value['choices'])) return false;
  return (
    isTold(value['errors']) ||
    isTold(value['fault']) ||
    isTold(value['detail']) ||
    ['error_msg', 'error_message', 'error_code', 'errorCode', 'errorMessage', 'exception'].some((name) =>
      isTold(value[name]),
    ) ||
    value['success'] === false ||
    isSpokenFailure(value)
  );
}

/** Nulls, zeros and blanks say nothing, however they are wrapped. */
function isTold(value: unknown, depth = 0): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '') return false;
  if (typeof value !== 'object' || depth > MAX_DEPTH) return true;
  return Object.values(value).some((member) => isTold(member, depth + 1));
}

/** `{"message": …, "code": …}` and the like: a sentence, and nothing of an answer. */
function isSpokenFailure(value: JsonObject): boolean {
  const isAnswer = typeof value['object'] === 'string' && value['object'].startsWith('chat.completion');
  return !isAnswer && ['message', 'msg', 'Message'].some((name) => isTold(value[name]));
}

/** MiniMax: `base_resp: {status_code: 1004, status_msg}`; zero is its success. */
function isFailedStatus(value: unknown): boolean {
  return isJsonObject(value) && typeof value['status_code'] === 'number' && value['status_code'] !== 0;
}

/** Reads an error of any shape; what has none of the known members gives nulls. */
export function readError(value: unknown, depth = 0): ReadError {
  if (depth > MAX_DEPTH) return NOTHING;
  if (typeof value === 'string') return readText(value, depth);
  if (Array.isArray(value)) return readList(value, depth);
  return isJsonObject(value) ? readObject(value, depth) : NOTHING;
}

const NOTHING: ReadError = { message: null, words: [], status: null, retryAfterSeconds: null };

/** Gateways pass another's JSON on as the text of their own message. */
function readText(text: string, depth: number): ReadError {
  const trimmed = text.trim();
  if (trimmed === '') return NOTHING;
  if (/^[[{]/.test(trimmed)) {
    try {
      const inner = readError(JSON.parse(trimmed), depth + 1);
      if (inner.message !== null) return inner;
    } catch {
      // Then it is a sentence that begins with a bracket.
    }
  }
  return { ...NOTHING, message: trimmed };
}

/** A list of complaints (FastAPI's `detail`) is one sentence each. */
function readList(list: readonly unknown[], depth: number): ReadError {
  const read = list.slice(0, 5).map((entry) => readError(entry, depth + 1));
  const messages = read.flatMap(({ message }) => (message === null ? [] : [message]));
  return {
    message: messages.length === 0 ? null : messages.join('; '),
    words: read.flatMap(({ words }) => words),
    status: read.find(({ status }) => status !== null)?.status ?? null,
    retryAfterSeconds: read.find((entry) => entry.retryAfterSeconds !== null)?.retryAfterSeconds ?? null,
  };
}

function readObject(value: JsonObject, depth: number): ReadError {
  const parts: ReadError[] = [];
  for (const name of WRAPPERS) {
    if (isJsonObject(value[name]) || Array.isArray(value[name]))
      parts.push(readError(value[name], depth + 1));
  }
  // Behind an error of a router stands the one of the vendor behind it.
  const behind = isJsonObject(value['metadata']) ? readError(value['metadata']['raw'], depth + 1) : NOTHING;
  const own = ownMessage(value, depth);
  const inner = parts.find(({ message }) => message !== null);
  const said = own?.message ?? inner?.message ?? null;
  const isVague = said === null || /^provider returned error\.?$/i.test(said);
  return {
    message: isVague ? (behind.message ?? said) : said,
    words: [
      ...wordsOf(value),
      ...(own?.words ?? []),
      ...parts.flatMap(({ words }) => words),
      ...behind.words,
    ],
    status:
      statusOf(value) ?? own?.status ?? parts.find(({ status }) => status !== null)?.status ?? behind.status,
    retryAfterSeconds:
      retryDelay(value['retryDelay']) ??
      retryAfterIn(value) ??
      parts.find((part) => part.retryAfterSeconds !== null)?.retryAfterSeconds ??
      null,
  };
}

function ownMessage(value: JsonObject, depth: number): ReadError | null {
  for (const name of MESSAGES) {
    const said = value[name];
    if (typeof said === 'string' && said.trim() !== '') {
      const read = readText(said, depth);
      const place = Array.isArray(value['loc'])
        ? value['loc'].filter((step) => step !== 'body').join('.')
        : '';
      return place === '' ? read : { ...read, message: `${place}: ${read.message}` };
    }
    // Mistral: `message` is an object with its `detail`, or the list itself.
    if (name !== 'error' && name !== 'detail' && (isJsonObject(said) || Array.isArray(said))) {
      const read = readError(said, depth + 1);
      if (read.message !== null) return read;
    }
  }
  return null;
}

function wordsOf(value: JsonObject): string[] {
  return WORDS.flatMap((name) => {
    const word = value[name];
    if (typeof word === 'number') return [String(word)];
    return textOrNull(word) === null || word === '' || word === 'error' ? [] : [String(word)];
  });
}

function statusOf(value: JsonObject): number | null {
  for (const name of STATUSES) {
    const status = value[name];
    const number = typeof status === 'string' && /^[45]\d\d$/.test(status) ? Number(status) : status;
    if (typeof number === 'number' && Number.isInteger(number) && number >= 400 && number < 600)
      return number;
  }
  return null;
}

/** `"34.4s"`, as Google writes a duration. */
function retryDelay(value: unknown): number | null {
  const seconds = typeof value === 'string' ? /^(\d{1,6}(?:\.\d+)?)s$/.exec(value)?.[1] : undefined;
  return seconds === undefined ? null : Math.ceil(Number(seconds));
}
