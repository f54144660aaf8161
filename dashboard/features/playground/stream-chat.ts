/** Asks for one answer and hands on its chunks as they come. */
import { createParser } from 'eventsource-parser';
import { requestStream } from '../../shared/api/request.ts';
import type { Chunk } from './answer.ts';
import type { JsonObject } from './conversation.ts';

/** So the log tells the Playground's requests from an app's. */
const headers = () => ({
  'http-referer': `${location.origin}/playground`,
  'x-openrouter-title': 'Playground',
});

export interface Listener {
  /** The answer has an id as soon as it begins, which a stopped one is found by. */
  readonly begun: (generationId: string | null) => void;
  readonly chunk: (chunk: Chunk) => void;
}

/** Resolves at the answer's end. Throws `ApiError` where it is refused, and an `AbortError` once `signal` says so. */
export async function streamChat(
  keyHash: string,
  body: JsonObject,
  signal: AbortSignal,
  listener: Listener,
): Promise<void> {
  const path = `/api/dashboard/chat/completions?${new URLSearchParams({ api_key_hash: keyHash })}`;
  const answer = await requestStream('POST', path, { body, signal, headers: headers() });
  listener.begun(answer.headers.get('x-generation-id'));
  const parser = createParser({
    onEvent: ({ data }) => {
      const chunk = data === '[DONE]' ? null : parsed(data);
      if (chunk !== null) listener.chunk(chunk);
    },
  });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const next = await reader?.read();
    if (next === undefined || next.done) return;
    parser.feed(next.value);
  }
}

function parsed(data: string): Chunk | null {
  try {
    return JSON.parse(data) as Chunk;
  } catch {
    return null;
  }
}
