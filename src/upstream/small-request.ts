/** One small request by our own client: its whole answer as text, bounded in size and time. */
import type { AnswerHead, Exchange, UpstreamClient, UpstreamFailure } from './upstream.ts';

const MAX_ANSWER_BYTES = 1024 * 1024;

export interface SmallRequest {
  /** Absent: POST. */
  readonly method?: 'GET';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SmallAnswer {
  readonly status: number;
  readonly text: string;
}

/** What kept an answer from coming, in a word. */
export class NoAnswer extends Error {
  constructor(reason: UpstreamFailure['kind'], cause: Error | null) {
    super(reason, { cause });
    this.name = 'NoAnswer';
  }
}

/** Rejects with NoAnswer. */
export function sendSmall(
  client: UpstreamClient,
  request: SmallRequest,
  timeoutMs: number,
): Promise<SmallAnswer> {
  return new Promise((resolve, reject) => {
    let head: AnswerHead | undefined;
    let totalBytes = 0;
    const parts: Uint8Array[] = [];
    const timeouts = { firstByteMs: timeoutMs, idleMs: timeoutMs, answerMs: timeoutMs };
    const exchange: Exchange = client.send(
      { ...request, timeouts },
      {
        onHead: (given) => {
          head = given;
        },
        onBytes: (bytes) => {
          totalBytes += bytes.byteLength;
          if (totalBytes <= MAX_ANSWER_BYTES) {
            // The client owns the bytes and writes the next ones over them.
            parts.push(new Uint8Array(bytes));
            return;
          }
          exchange.cancel();
          reject(new NoAnswer('too-large', null));
        },
        onEnd: () =>
          resolve({ status: head?.status ?? 0, text: new TextDecoder().decode(Buffer.concat(parts)) }),
        onFailure: ({ kind, cause }) => reject(new NoAnswer(kind, cause)),
      },
    );
  });
}
