// What the provider saw and did, one record a request: the independent witness that tests compare ledgers with.
import { appendFileSync } from 'node:fs';
import type { TrueUsage } from './tokens.ts';

export type Ending = 'complete' | 'client-left' | 'fault';

export interface RequestRecord {
  readonly sequence: number;
  /** Sequence number and random part; the completion's id is `chatcmpl-` (or `cmpl-`) and this. */
  readonly nonce: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  /** What tells the gateway's caller apart: referer, titles, user agent, organisation. */
  readonly identifyingHeaders: Record<string, string>;
  readonly headerNames: readonly string[];
  readonly body: unknown;
  readonly model: string | undefined;
  readonly isStream: boolean;
  /** What it bills: the prompt once generation began, and the completion tokens made until the end. */
  usage: TrueUsage;
  chunksSent: number;
  wasMaxTokensIgnored: boolean;
  /** The status sent; undefined while none was. */
  status: number | undefined;
  ended: Ending | undefined;
  endedAt: number | undefined;
}

export const NO_USAGE: TrueUsage = {
  promptTokens: 0,
  completionTokens: 0,
  reasoningTokens: 0,
  cachedTokens: 0,
};

const IDENTIFYING = [
  'referer',
  'http-referer',
  'origin',
  'x-title',
  'x-openrouter-title',
  'user-agent',
  'openai-organization',
  'openai-project',
  'x-request-id',
  'idempotency-key',
  'cookie',
  'x-forwarded-for',
];

export interface Arrival {
  readonly method: string;
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: unknown;
  readonly model: string | undefined;
  readonly isStream: boolean;
}

export class RequestLog {
  #records: RequestRecord[] = [];
  #sequence = 0;
  readonly #keep: number;
  readonly #file: string | undefined;

  constructor(keep: number, file: string | undefined) {
    this.#keep = keep;
    this.#file = file;
  }

  get records(): readonly RequestRecord[] {
    return this.#records;
  }

  /** All requests since the start, also those that are no longer kept. */
  get total(): number {
    return this.#sequence;
  }

  open(arrival: Arrival): RequestRecord {
    this.#sequence += 1;
    const { method, path, headers, body, model, isStream } = arrival;
    const identifyingHeaders: Record<string, string> = {};
    for (const name of IDENTIFYING) {
      const value = headers.get(name);
      if (value !== undefined) identifyingHeaders[name] = value;
    }
    const record: RequestRecord = {
      sequence: this.#sequence,
      nonce: `${this.#sequence}-${crypto.randomUUID().slice(0, 8)}`,
      receivedAt: Date.now(),
      method,
      path,
      authorization: headers.get('authorization'),
      identifyingHeaders,
      headerNames: [...headers.keys()],
      body,
      model,
      isStream,
      usage: NO_USAGE,
      chunksSent: 0,
      wasMaxTokensIgnored: false,
      status: undefined,
      ended: undefined,
      endedAt: undefined,
    };
    this.#records.push(record);
    // Trimmed by halves, so that a long bench does not shift a big array on each request.
    if (this.#records.length > this.#keep * 2) this.#records = this.#records.slice(-this.#keep);
    return record;
  }

  close(record: RequestRecord, ended: Ending): void {
    if (record.ended !== undefined) return;
    record.ended = ended;
    record.endedAt = Date.now();
    // Written at once: the file must be true even if this process is killed next.
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(record)}\n`);
  }

  clear(): void {
    this.#records = [];
  }
}
