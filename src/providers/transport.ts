/**
 * One outbound call: the only place from which the gateway opens a connection to a provider. It bounds time and size, follows
 * no redirect, and keeps the provider's key out of everything it reports.
 */
import { ProviderError, type ProviderTarget, type ProviderTimeouts } from './provider.ts';

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_RAW_CHARACTERS = 2000;

export interface OutboundCall {
  target: ProviderTarget;
  /** Below the target's base URL, with its slash. */
  path: string;
  headers: Record<string, string>;
  body: string;
  timeouts: ProviderTimeouts;
  abort: AbortController;
}

/** Sends the call and gives the answer once its status is known and is a success. Throws ProviderError otherwise. */
export async function send(call: OutboundCall, readError: ErrorReader): Promise<Response> {
  const response = await withinFirstByteTimeout(call);
  if (response.status >= 200 && response.status < 300) return response;
  throw await statusError(response, call, readError);
}

/** Picks an upstream's message and code out of the JSON body of its error. */
export type ErrorReader = (body: unknown) => { message: string | null; code: string | null };

async function withinFirstByteTimeout(call: OutboundCall): Promise<Response> {
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    call.abort.abort();
  }, call.timeouts.firstByteMs);
  try {
    return await fetch(call.target.baseUrl + call.path, {
      method: 'POST',
      headers: call.headers,
      body: call.body,
      redirect: 'manual',
      signal: call.abort.signal,
    });
  } catch (cause) {
    throw connectionError(cause, { signal: call.abort.signal, timedOut, hasAnswered: false });
  } finally {
    clearTimeout(timer);
  }
}

/** What a broken connection means: our own doing, a timeout, or the provider. */
export function connectionError(
  cause: unknown,
  {
    signal,
    timedOut,
    hasAnswered,
  }: { readonly signal: AbortSignal; readonly timedOut: boolean; readonly hasAnswered: boolean },
): ProviderError {
  const known = { cause, hasAnswered };
  if (timedOut) return new ProviderError('timeout', { message: 'Provider did not answer in time', ...known });
  if (signal.aborted) return new ProviderError('aborted', { message: 'The request was cancelled', ...known });
  return new ProviderError('unreachable', {
    message: 'Provider could not be reached or closed the connection',
    ...known,
  });
}

async function statusError(
  response: Response,
  call: OutboundCall,
  readError: ErrorReader,
): Promise<ProviderError> {
  const text = redact(await readErrorBody(response, call), call.target.apiKey);
  const { message, code } = readError(parsed(text));
  const redirected = response.status >= 300 && response.status < 400;
  return new ProviderError('status', {
    message: (redirected
      ? 'Provider answered with a redirect'
      : (message ?? 'Provider returned error')
    ).slice(0, 500),
    status: redirected ? 502 : response.status,
    providerCode: code,
    raw: text.slice(0, MAX_RAW_CHARACTERS),
    retryAfterSeconds: parseRetryAfter(response.headers.get('retry-after')),
  });
}

/** The beginning of an error's body, as far as it comes: the status alone says enough to go on. */
async function readErrorBody(response: Response, call: OutboundCall): Promise<string> {
  if (response.body === null) return '';
  const watch = new IdleWatch(call.abort, call.timeouts.idleMs);
  const parts: Uint8Array[] = [];
  let total = 0;
  try {
    const reader = response.body.getReader();
    while (total < MAX_ERROR_BYTES) {
      const { done, value } = await reader.read();
      if (done) break;
      watch.touch();
      total += value.byteLength;
      parts.push(value);
    }
    if (total >= MAX_ERROR_BYTES) call.abort.abort();
  } catch {
    // What came before the break is shown.
  } finally {
    watch.stop();
  }
  return Buffer.concat(parts).toString('utf8', 0, MAX_ERROR_BYTES);
}

/** A JSON answer, whole. Throws ProviderError for what is too large or not JSON. */
export async function readJsonAnswer(response: Response, call: OutboundCall): Promise<unknown> {
  const watch = new IdleWatch(call.abort, call.timeouts.idleMs);
  try {
    const text = await readUpTo(response, MAX_ANSWER_BYTES, () => watch.touch());
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) {
      throw new ProviderError('garbage', { message: 'Provider returned an answer that is not JSON', cause });
    }
    if (cause instanceof ProviderError) throw cause;
    throw connectionError(cause, {
      signal: call.abort.signal,
      timedOut: watch.timedOut,
      hasAnswered: true,
    });
  } finally {
    watch.stop();
  }
}

async function readUpTo(response: Response, maxBytes: number, onBytes?: () => void): Promise<string> {
  const declared = response.headers.get('content-length');
  if (declared !== null && Number(declared) <= maxBytes && !response.headers.has('content-encoding')) {
    return await response.text();
  }
  if (response.body === null) return '';
  const parts: Uint8Array[] = [];
  let total = 0;
  const reader = response.body.getReader();
  while (true) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(parts).toString('utf8');
    onBytes?.();
    total += value.byteLength;
    if (total > maxBytes) {
      await reader.cancel();
      throw new ProviderError('garbage', { message: 'Provider returned an answer that is too large' });
    }
    parts.push(value);
  }
}

/** Aborts a call after `idleMs` without a byte. One timer a stream, moved lazily, because a timer a chunk would cost more. */
export class IdleWatch {
  timedOut = false;
  readonly #abort: AbortController;
  readonly #idleMs: number;
  #lastByteAt = performance.now();
  #timer: ReturnType<typeof setTimeout>;

  constructor(abort: AbortController, idleMs: number) {
    this.#abort = abort;
    this.#idleMs = idleMs;
    this.#timer = setTimeout(() => this.#check(), idleMs);
  }

  touch(): void {
    this.#lastByteAt = performance.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #check(): void {
    const leftMs = this.#lastByteAt + this.#idleMs - performance.now();
    if (leftMs > 0) {
      this.#timer = setTimeout(() => this.#check(), leftMs);
      return;
    }
    this.timedOut = true;
    this.#abort.abort();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Some providers repeat the key they refuse. */
function redact(text: string, apiKey: string | null): string {
  return apiKey === null || apiKey === '' ? text : text.replaceAll(apiKey, '[redacted]');
}

/** Whole seconds, from seconds or an HTTP date (RFC 9110, section 10.2.3). */
function parseRetryAfter(value: string | null): number | null {
  if (value === null) return null;
  if (/^\d{1,6}$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(1, Math.ceil((at - Date.now()) / 1000));
}
