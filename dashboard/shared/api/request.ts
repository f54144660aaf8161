/** Every call to the gateway: JSON both ways, our CSRF token with each change, and every failure as one kind of error. */

/** As the gateway tells it: `['redirect_uris', 0]` is the first of a list. */
export interface FieldIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export class ApiError extends Error {
  /** 0: no answer came at all. */
  readonly status: number;
  /** The gateway's stable word for it, such as `not_signed_in`. */
  readonly code: string;
  readonly retryAfterSeconds: number | null;
  /** Which fields of the body are wrong, and how. */
  readonly issues: readonly FieldIssue[];

  constructor(
    message: string,
    status: number,
    code: string,
    retryAfterSeconds: number | null = null,
    issues: readonly FieldIssue[] = [],
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
    this.issues = issues;
  }
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

interface RequestOptions {
  readonly body?: unknown;
  /** Sent as a form, in the place of a body of JSON. */
  readonly files?: readonly File[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

let csrfToken: string | null = null;
let tellSignedOut: (error: ApiError) => void = () => {};

/** Told of every request that was refused because nobody is signed in any more. */
export function onSignedOut(tell: (error: ApiError) => void): void {
  tellSignedOut = tell;
}

/** Comes with the session, and changes with it. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** The whole answer, parsed; undefined for an empty one. */
export async function request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
  return (await readBody(await requestStream(method, path, options))) as T;
}

/** An answer that goes well, to be read as it comes; any other is an `ApiError`. */
export async function requestStream(
  method: Method,
  path: string,
  options: RequestOptions = {},
): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json', ...options.headers };
  if (method !== 'GET' && csrfToken !== null) headers['x-csrf-token'] = csrfToken;
  // Of a form the browser says itself what parts it.
  if (method !== 'GET' && options.files === undefined) headers['content-type'] = 'application/json';
  const init: RequestInit = { method, headers, credentials: 'same-origin' };
  if (method !== 'GET')
    init.body = options.files === undefined ? JSON.stringify(options.body ?? {}) : formOf(options.files);
  if (options.signal !== undefined) init.signal = options.signal;
  const answer = await fetch(path, init).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(
      'The gateway could not be reached. Check your connection and try again.',
      0,
      'unreachable',
    );
  });
  if (!answer.ok) throw await readFailure(answer);
  return answer;
}

function formOf(files: readonly File[]): FormData {
  const form = new FormData();
  for (const file of files) form.append('file', file);
  return form;
}

/** Of an answer that is none: for whoever reads the good ones differently. */
export async function readFailure(answer: Response): Promise<ApiError> {
  const error = errorOf(answer, await readBody(answer));
  if (error.code === 'not_signed_in') tellSignedOut(error);
  return error;
}

/** What most of our endpoints answer: the `data` of `{data: …}`. */
export async function requestData<T>(method: Method, path: string, options?: RequestOptions): Promise<T> {
  return (await request<{ data: T }>(method, path, options)).data;
}

async function readBody(answer: Response): Promise<unknown> {
  const text = await answer.text();
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Our envelope is `{error: {message, metadata: {error_code}}}`; the sign-in library's is `{code, message}`. */
function errorOf(answer: Response, body: unknown): ApiError {
  const found = (body ?? {}) as {
    error?: { message?: string; metadata?: { error_code?: string; issues?: readonly FieldIssue[] } };
    code?: string;
    message?: string;
  };
  const message = found.error?.message ?? found.message ?? `The gateway answered ${answer.status}`;
  const code = found.error?.metadata?.error_code ?? found.code ?? String(answer.status);
  const retryAfter = Number(answer.headers.get('retry-after') ?? Number.NaN);
  return new ApiError(
    message,
    answer.status,
    code,
    Number.isFinite(retryAfter) ? retryAfter : null,
    found.error?.metadata?.issues ?? [],
  );
}

/** Where the gateway's own words are for programs, or the sign-in library's are not ours. */
const PLAIN_MESSAGES: Readonly<Record<string, string>> = {
  not_signed_in:
    'Your session ended. Sign in in another tab, then send this again: what you entered stays here.',
  internal: 'Something went wrong in the gateway. Try again in a moment.',
  unavailable: 'The gateway is busy. Try again in a moment.',
  INVALID_PASSWORD: 'This is not your password.',
  INVALID_EMAIL_OR_PASSWORD: 'The e-mail address or the password is not right.',
};

/** For people: what went wrong, as far as the gateway tells. */
export function messageOf(error: unknown): string {
  if (!(error instanceof ApiError)) return 'Something went wrong. Reload the page and try again.';
  return PLAIN_MESSAGES[error.code] ?? error.message;
}
