/** Requests to a gateway in front of the routed providers, as its callers make them. */
import { expect } from 'bun:test';
import type { TestGateway } from '../../harness.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test looks into answers, and fails where they are others
export type JsonObject = Record<string, any>;

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: JsonObject;
}

export const HI = [{ role: 'user', content: 'hi' }];

export function askerOf(gateway: () => TestGateway) {
  async function post(path: string, body: JsonObject, key = gateway().apiKey): Promise<Answered> {
    const answer = await fetch(`${gateway().baseUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
    });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as JsonObject };
  }
  return {
    post,
    /** The answer to a chat that is one. */
    ask: (body: JsonObject, key?: string) => post('/chat/completions', { messages: HI, ...body }, key),
    async explain(body: JsonObject, key?: string): Promise<JsonObject> {
      const { status, body: said } = await post('/routing/explain', { messages: HI, ...body }, key);
      expect(status).toBe(200);
      return said['data'];
    },
    /** As it is stored, once it is. */
    async generation(id: unknown, key = gateway().apiKey): Promise<JsonObject> {
      const deadlineMs = Date.now() + 10_000;
      for (;;) {
        const answer = await fetch(`${gateway().baseUrl}/generation?id=${id}`, {
          headers: { authorization: `Bearer ${key}` },
        });
        if (answer.status === 200) return ((await answer.json()) as { data: JsonObject }).data;
        if (Date.now() > deadlineMs) throw new Error(`generation ${id} is not stored: ${answer.status}`);
        await Bun.sleep(20);
      }
    },
  };
}
