/** Several keys of the operator's with one provider, and what each may be used for at once. */
export interface ProviderKey {
  /** Unique within the provider, and no secret: pages, metrics and the log name it so. */
  readonly id: string;
  readonly apiKey: string;
  /** Requests at once; null: as many as come. */
  readonly maxConcurrent: number | null;
  /** Requests begun in a minute; null: as many as come. */
  readonly requestsPerMinute: number | null;
}

/** How much a backend takes at once, and how requests wait for their turn there. */
export interface ProviderQueue {
  readonly maxConcurrent: number;
  /** Requests that wait; one more is refused at once. */
  readonly maxWaiting: number;
  readonly maxWaitMs: number;
}

/** The id of a provider's only key in what operators see. */
export const ONLY_KEY = 'default';

/** With the marks that a file of variables has around a value, and that `docker --env-file` hands on as a part of it. */
export function isQuoted(key: string): boolean {
  return /^(["'`]).*\1$/s.test(key);
}

export const QUOTED = 'is in quotation marks; leave them out';
