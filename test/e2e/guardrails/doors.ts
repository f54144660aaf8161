/** The same request at every door, in the words of each. */
import { becomesTrueWithin } from '../../../src/clock.ts';
import type { GuardrailRig } from './rig.ts';

export interface Verdict {
  readonly status: number;
  readonly body: unknown;
}

export type AskAt = (rig: GuardrailRig, key: string, model: string) => Promise<Verdict>;

const post =
  (path: (model: string) => string, body: (model: string) => object): AskAt =>
  async (rig, key, model) => {
    const { status, json, text } = await rig.call('POST', path(model), body(model), key);
    return { status, body: json ?? text };
  };

const messages = [{ role: 'user', content: 'one two three' }];
const contents = [{ role: 'user', parts: [{ text: 'one two three' }] }];

/** Doors that answer with words. */
export const CHAT_DOORS: Readonly<Record<string, AskAt>> = {
  chat: post(
    () => '/chat/completions',
    (model) => ({ model, messages }),
  ),
  'chat, streamed': post(
    () => '/chat/completions',
    (model) => ({ model, messages, stream: true }),
  ),
  completions: post(
    () => '/completions',
    (model) => ({ model, prompt: 'one two three' }),
  ),
  messages: post(
    () => '/messages',
    (model) => ({ model, messages, max_tokens: 10 }),
  ),
  'messages, streamed': post(
    () => '/messages',
    (model) => ({ model, messages, max_tokens: 10, stream: true }),
  ),
  count_tokens: post(
    () => '/messages/count_tokens',
    (model) => ({ model, messages }),
  ),
  responses: post(
    () => '/responses',
    (model) => ({ model, input: 'one two three', store: false }),
  ),
  'responses, streamed': post(
    () => '/responses',
    (model) => ({ model, input: 'one two three', store: false, stream: true }),
  ),
  'responses by WebSocket': bySocket,
  gemini: post(
    (model) => `beta/models/${encodeURIComponent(model)}:generateContent`,
    () => ({ contents }),
  ),
  'gemini, streamed': post(
    (model) => `beta/models/${encodeURIComponent(model)}:streamGenerateContent?alt=sse`,
    () => ({ contents }),
  ),
  'gemini, counted': post(
    (model) => `beta/models/${encodeURIComponent(model)}:countTokens`,
    () => ({ contents }),
  ),
};

/** Doors that answer with vectors. */
export const VECTOR_DOORS: Readonly<Record<string, AskAt>> = {
  embeddings: post(
    () => '/embeddings',
    (model) => ({ model, input: 'one two three' }),
  ),
  'gemini embeddings': post(
    (model) => `beta/models/${encodeURIComponent(model)}:embedContent`,
    () => ({ content: { parts: [{ text: 'one two three' }] } }),
  ),
};

async function bySocket(rig: GuardrailRig, key: string, model: string): Promise<Verdict> {
  const headers = { authorization: `Bearer ${key}`, 'openai-beta': 'responses_websockets=2026-02-06' };
  const url = `${rig.gateway.baseUrl.replace('http', 'ws')}/responses`;
  const socket = new WebSocket(url, { headers } as unknown as string[]);
  const events: { type: string; response?: { error?: unknown } }[] = [];
  socket.addEventListener('message', ({ data }) => void events.push(JSON.parse(String(data))));
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error('no connection')));
  });
  socket.send(JSON.stringify({ type: 'response.create', model, input: 'one two three', store: false }));
  const last = () => events.find(({ type }) => /^(response\.(completed|failed)|error)$/.test(type));
  await becomesTrueWithin(() => last() !== undefined, 10_000);
  socket.close();
  const ended = last();
  if (ended?.type === 'response.completed') return { status: 200, body: ended };
  // An event has no status, and clients know no word of it for what is not allowed: its message says which failure it is.
  const isForbidden = /may not (be used here|come through)/.test(JSON.stringify(ended?.response?.error));
  return { status: isForbidden ? 403 : 0, body: ended };
}
