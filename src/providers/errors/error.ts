/**
 * A vendor's failure as a ProviderError: whose fault it is, what the caller may read of it, and what the operator may. The one place
 * where text of a provider becomes part of an error, so that its secret can be taken out on every way.
 */

import type { UpstreamFailure } from '../../upstream/upstream.ts';
import { type Fault, ProviderError } from '../provider-error.ts';
import { withoutSecret } from '../redaction.ts';
import { type ReadError, readError } from './error-shapes.ts';
import { kindOfWord, namesNoModel } from './error-words.ts';
import { saidToWait } from './retry-after.ts';

const MAX_MESSAGE_CHARACTERS = 500;
const MAX_DETAIL_CHARACTERS = 2000;
const MAX_READ_CHARACTERS = 8192;

export interface Told {
  /** Of the answer's head; null for an error under a 200. */
  readonly status: number | null;
  /** The parsed body or event; undefined: it is not JSON. */
  readonly value: unknown;
  /** As it came. */
  readonly text: string;
  /** Of the head, in seconds. */
  readonly retryAfterSeconds?: number | null;
}

/** What callers read where the provider's own words are not for them. */
const OWN_WORDS: Readonly<Record<Fault, string>> = {
  caller: 'Provider rejected the request',
  content: 'Provider refused what this request says, by its own content policy',
  account: 'The provider does not serve this gateway at the moment',
  login: 'Anthropic refused the login that came with this request; in Claude Code, sign in again with /login',
  rate: 'Provider rate limit exceeded',
  provider: 'Provider returned error',
  busy: 'Provider has no room for another request',
  gateway: 'This gateway has no connection to spare; repeat this request in a moment',
};
const TOO_LONG = 'The input is too long for this model';

/** An answer with an error status, or an error that came under a 200. `secret` is the key that was sent. */
export function toldError(told: Told, secret: string | null): ProviderError {
  const whole = readError(told.value);
  // Sentences are looked through with patterns, whose time grows with them.
  const read = { ...whole, message: whole.message?.slice(0, MAX_READ_CHARACTERS) ?? null };
  const isJson = told.value !== undefined;
  const status = statusOf(told, read);
  const isContextLength = saysTooLong(read) && ![401, 402, 403].includes(status);
  const isMissing = !isContextLength && lacksModel(status, read);
  const fault = isContextLength ? 'caller' : isMissing ? 'provider' : faultOf(status, read);
  // Only to its own mistake a caller gets the vendor's sentence; a 5xx may say anything, a page of a proxy's included, and a 403
  // names the operator's team and key (xAI).
  const mayQuote = (fault === 'caller' || fault === 'content') && isJson && status < 500 && status !== 403;
  const said = mayQuote && read.message !== null ? clean(read.message, secret, MAX_MESSAGE_CHARACTERS) : null;
  return new ProviderError('status', {
    fault,
    message: said ?? (isContextLength ? TOO_LONG : OWN_WORDS[fault]),
    detail: clean(fault === 'account' ? saidOfAccount(read) : told.text, secret, MAX_DETAIL_CHARACTERS),
    status: isMissing ? 404 : isContextLength && status >= 500 ? 400 : status,
    providerCode: fault === 'account' ? null : codeOf(read, secret),
    raw: mayQuote ? clean(told.text, secret, MAX_DETAIL_CHARACTERS) : null,
    isContextLength,
    retryAfterSeconds:
      told.retryAfterSeconds ??
      read.retryAfterSeconds ??
      (fault === 'rate' ? saidToWait(read.message) : null),
    hasAnswered: true,
  });
}

/** An answer that is not the wire format. `text`, for the operator, may be anything that came. */
export function garbage(message: string, text: string, secret: string | null): ProviderError {
  return new ProviderError('garbage', {
    fault: 'provider',
    message,
    detail: clean(text, secret, MAX_DETAIL_CHARACTERS),
    hasAnswered: true,
  });
}

/** A connection that failed. Its cause is our own client's and holds nothing that the provider wrote. */
export function connectionError(failure: UpstreamFailure): ProviderError {
  const { hasAnswered, neverSent, cause } = failure;
  const known = { fault: 'provider', hasAnswered, neverSent, cause } as const;
  switch (failure.kind) {
    case 'timeout':
      return new ProviderError('timeout', { ...known, message: 'Provider did not answer in time' });
    case 'malformed':
      return new ProviderError('garbage', { ...known, message: 'Provider did not answer in HTTP' });
    case 'too-large':
      return new ProviderError('garbage', {
        ...known,
        message: 'Provider returned an answer that is too large',
      });
    case 'no-room':
      return new ProviderError('unreachable', {
        ...{ ...known, fault: 'gateway', retryAfterSeconds: 1 },
        message: OWN_WORDS.gateway,
      });
    default:
      return new ProviderError('unreachable', {
        ...known,
        message: 'Provider could not be reached or closed the connection',
      });
  }
}

/** A sentence of the vendor's inside of an answer (an error on one choice), fit for the caller. */
export function spokenReason(value: unknown, secret: string | null): { code: number; message: string } {
  const error = toldError({ status: null, value, text: JSON.stringify(value) }, secret);
  return { code: error.status ?? 502, message: error.message };
}

function clean(text: string, secret: string | null, maxCharacters: number): string {
  const safe = withoutSecret(text, secret);
  return safe.length <= maxCharacters ? safe : `${safe.slice(0, maxCharacters)}…`;
}

/** A word, or nothing: a code is not a place for sentences, and one in which a secret was found is none at all. */
function codeOf({ words }: ReadError, secret: string | null): string | null {
  for (const word of words) {
    if (/^[45]\d\d$/.test(word)) continue;
    if (/^[A-Za-z0-9_.-]{1,64}$/.test(word) && withoutSecret(word, secret) === word) return word;
  }
  return null;
}

function statusOf(told: Told, read: ReadError): number {
  if (told.status !== null) return told.status >= 400 ? told.status : 502;
  if (read.status !== null) return read.status;
  for (const word of read.words) {
    const kind = kindOfWord(word);
    if (kind !== null) return kind.status;
  }
  return saysTooLong(read) ? 400 : 502;
}

/** Of a status that may mean several things the vendor's words decide. */
function faultOf(status: number, read: ReadError): Fault {
  if (status === 403 && speaksOfContent(read.message)) return 'content';
  if (status === 401 || status === 402 || status === 403) return 'account';
  const faults = new Set(read.words.flatMap((word) => kindOfWord(word)?.fault ?? []));
  if (status < 500 && (faults.has('account') || speaksOfAccount(status, read.message))) {
    return 'account';
  }
  if (status === 429) return 'rate';
  if (status === 400 || status === 413 || status === 414 || status === 422) {
    // Groq answers 413 where a prompt is larger than what its rate limit has left.
    if (faults.has('rate') || speaksOfRate(read.message)) return 'rate';
    return faults.has('content') || speaksOfContent(read.message) ? 'content' : 'caller';
  }
  return 'provider';
}

/** xAI's and OpenRouter's 403, Azure's 400. */
const CONTENT =
  /content violates (?:our )?usage guidelines|\bSAFETY_CHECK_TYPE_|\b(?:input|prompt) was flagged\b|content management policy/i;

function speaksOfContent(message: string | null): boolean {
  return message !== null && CONTENT.test(unquoted(message));
}

/**
 * A model that the vendor does not have is the operator's to mend, though some call it a bad request: DeepSeek (`Model Not Exist`), Groq
 * (`model_decommissioned`), Mistral (`invalid_model`), OpenRouter (`… is not a valid model ID`), Bedrock, LM Studio.
 */
const NO_MODEL =
  /\bmodel (?:does )?not exist\b|\bmodel\b[^\n.]{0,80}\b(?:does not exist|has been decommissioned)|\bis not a valid model id\b|\bmodel identifier is invalid\b|\bno models? (?:is )?loaded\b|^invalid model\b/i;

function lacksModel(status: number, { words, message }: ReadError): boolean {
  if (status !== 400 && status !== 422) return false;
  return words.some(namesNoModel) || (message !== null && NO_MODEL.test(unquoted(message)));
}

/** Such a sentence names the operator's organisation, and another minute helps. */
const RATE = /per (?:minute|day|hour)|rate limit|\b[TR]P[MD]\b/i;

function speaksOfRate(message: string | null): boolean {
  return message !== null && RATE.test(unquoted(message));
}

/**
 * Sentences about the key or the balance of whoever calls the vendor. A 429 of Google's speaks of plan and billing too when a minute's
 * quota is used up, so there only the vendor's words count.
 */
const ACCOUNT =
  /\bapi[ _-]?key\b[^.]{0,40}\b(?:invalid|not valid|incorrect|expired|missing|leaked|disabled|revoked|not found)|\b(?:invalid|incorrect|expired|missing|wrong|unknown|no)\b[^.]{0,20}\bapi[ _-]?key\b|^authentication (?:error|failed|failure)\b|credit balance|insufficient (?:balance|credits?|funds|quota)|account (?:balance|is (?:not active|deactivated|disabled|suspended|overdue|in arrears))|account\b[^.,]{0,60}\bsuspended|organi[sz]ation (?:has been|is) (?:restricted|suspended|disabled|deactivated)|in arrears|\bbilling (?:hard limit|details|account|info|issue|is|has)|not (?:have )?enough (?:credits?|balance)|payment (?:required|method)|unpaid invoice|reached your specified API usage limits|user location is not supported/i;

function speaksOfAccount(status: number, message: string | null): boolean {
  return status !== 429 && message !== null && ACCOUNT.test(unquoted(message));
}

/**
 * For the operator's log, in which no prompt may stand: the vendor's sentence without what it quotes, up to a quote that is too long
 * to be found the end of, and its words. What else it sends along may be the prompt (OpenRouter's `flagged_input`), as may a body that is no error in JSON.
 */
function saidOfAccount({ message, words }: ReadError): string {
  const [sentence = ''] = unquoted(message ?? '').split(QUOTE, 1);
  return [sentence, ...words].filter((part) => part !== '').join(' | ');
}

const QUOTE = /["“`]|(?<!\w)'/;

/** Without what stands in quotes: a vendor quotes its caller, who may name a function `get_api_key`. */
function unquoted(message: string): string {
  return message.replace(/(?<!\w)'[^'\n]{0,200}'(?!\w)|"[^"\n]{0,200}"|`[^`\n]{0,200}`|“[^”\n]{0,200}”/g, '');
}

/** How vendors say that a prompt does not fit, in words of their codes and in their sentences. */
const TOO_LONG_WORDS =
  /^(?:context_length_exceeded|context_window_exceeded|exceed_context_size_error|model_context_window_exceeded|string_above_max_length|max_context_length_exceeded|prompt_too_long|request_too_large|1261|contextwindowexceedederror)$/i;
const TOO_LONG_SENTENCES: readonly RegExp[] = [
  /(?:maximum|max|model'?s?|available|supported) context (?:length|window|size)/i,
  /context (?:length|window|size)[^.]{0,40}(?:exceed|overflow|limit|too (?:long|large|small))/i,
  /exceed[^.]{0,60}context (?:length|window|size|limit)/i,
  /prompt (?:is )?too (?:long|large)/i,
  /(?:prompt|input|request|messages?)[^.]{0,60}(?:exceeds?|longer than|larger than|greater than|above|over)[^.]{0,60}(?:max(?:imum)?|limit|allowed|context)[^.]{0,40}(?:tokens?|length)/i,
  /exceed[^.]{0,40}token limit/i,
  /too many (?:input |prompt )?tokens/i,
  /`?inputs`? tokens \+ `?max_new_tokens`? must be/i,
  /`?inputs`? must have less than \d+ tokens/i,
  /(?:prompt|input)(?: sequence)? length[^.]{0,40}exceed/i,
  /range of input length should be/i,
  /maximum (?:prompt|input) length/i,
  /input (?:length|is too long)[^.]{0,40}(?:exceed|too long|model)/i,
  /reduce the length of (?:the|your) (?:messages|prompt|input)/i,
];

function saysTooLong({ words, message }: ReadError): boolean {
  if (words.some((word) => TOO_LONG_WORDS.test(word))) return true;
  if (message === null || RATE.test(message)) return false;
  return TOO_LONG_SENTENCES.some((sentence) => sentence.test(message));
}
