/** An answer played to the adapter, and calls to it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChatPrompt, Part } from '../../../chat/prompt.ts';
import type { JsonObject } from '../../../json.ts';
import { type Answer, type CallOptions, callOf, FakeUpstream, Told } from '../../__fixtures__/upstream.ts';
import type { ChatCall } from '../../adapter.ts';
import { google } from '../adapter.ts';

export const BASE = 'https://generativelanguage.googleapis.com/v1beta';

export const NOTHING_SAID: ChatPrompt = {
  ...{ messages: [], tools: [], toolChoice: null, parallelToolCalls: null, format: null, stop: [], parameters: {} },
};

export function said(...parts: Part[]): ChatPrompt {
  return { ...NOTHING_SAID, messages: [{ role: 'user', name: null, parts }] };
}

export interface GoogleCall extends CallOptions {
  readonly model?: string;
  /** Of a caller who speaks Google's dialect. */
  readonly native?: JsonObject;
}

export function googleCall({ model = 'gemini-2.5-flash', native, ...options }: GoogleCall = {}): ChatCall {
  const call = callOf({ baseUrl: BASE, dialect: 'openai-chat', prompt: said({ type: 'text', text: 'hi' }), ...options });
  const target = { ...call.target, upstreamModel: model };
  if (native === undefined) return { ...call, target };
  const payload = { ...call.payload, native: { dialect: 'google-generate' as const, body: native } };
  return { ...call, target, payload, dialect: 'google-generate' };
}

export function playedToGoogle(answer: Answer, options: GoogleCall = {}): Told & { upstream: FakeUpstream } {
  const upstream = new FakeUpstream();
  const told = new Told();
  google(upstream).chat(googleCall(options), told);
  upstream.play(answer);
  return Object.assign(told, { upstream });
}

export function recorded(name: string): string {
  return readFileSync(join(import.meta.dir, name), 'utf8');
}

export function sse(...chunks: readonly unknown[]): string {
  return chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`).join('');
}
