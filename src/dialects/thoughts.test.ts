/** A model's thoughts on their way through a caller of chat completions and back to the vendor that signed them. */
import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, type JsonObject } from '../json.ts';
import { callOf, FakeUpstream, playedAnthropic } from '../providers/__fixtures__/upstream.ts';
import { anthropic } from '../providers/anthropic/adapter.ts';
import { BILL, HEAD } from './__fixtures__/answers.ts';
import { openAiChat } from './openai-chat/dialect.ts';

const FIXTURES = join(import.meta.dir, '../providers/anthropic/__fixtures__');
const FRAME = { headers: new Headers(), params: {}, query: new URLSearchParams() };

/** Blocks of the vendor's message, as it wrote them. */
function thoughtsOf(name: string): unknown[] {
  const { body } = playedAnthropic(
    { body: readFileSync(join(FIXTURES, name)) },
    { dialect: 'anthropic-messages', stream: false },
  );
  const content = Array.isArray(body['content']) ? body['content'].filter(isJsonObject) : [];
  return content.filter(({ type }) => type === 'thinking' || type === 'redacted_thinking');
}

/** What the vendor is sent when a client goes on after this message. */
function sentBack(message: JsonObject): unknown[] {
  const messages = [{ role: 'user', content: 'a' }, message, { role: 'user', content: 'b' }];
  const { payload } = openAiChat.parse({ model: 'a/b', messages }, 100, FRAME);
  const body = anthropic(new FakeUpstream()).requestBody({ ...callOf({ model: 'claude-x' }), payload });
  const turns = body['messages'] as { content: JsonObject[] }[];
  return (turns[1]?.content ?? []).filter(({ type }) => type !== 'text');
}

/** As clients do that keep the details as they came, and as those do that put the pieces of one index together. */
const COLLECTING: Readonly<Record<string, (details: JsonObject[]) => JsonObject[]>> = {
  'a piece each': (details) => details,
  'by their index': (details) => {
    const whole: JsonObject[] = [];
    for (const detail of details) {
      const at = Number(detail['index']);
      const text = `${whole[at]?.['text'] ?? ''}${detail['text'] ?? ''}`;
      whole[at] = { ...whole[at], ...detail, ...(detail['type'] === 'reasoning.text' ? { text } : {}) };
    }
    return whole;
  },
};

for (const name of ['thinking.sse', 'redacted.sse']) {
  test.each(Object.keys(COLLECTING))(`${name}, streamed, kept %s`, (way) => {
    const encoder = openAiChat.encoder(HEAD);
    const { batches } = playedAnthropic({ body: readFileSync(join(FIXTURES, name)), split: 100 });
    const frames = batches.map((events) => encoder.events(events)).join('');
    const deltas = frames
      .split('\n\n')
      .filter((frame) => frame !== '')
      .map((frame) => JSON.parse(frame.slice('data: '.length)).choices[0].delta);
    const details = deltas.flatMap((delta) => delta.reasoning_details ?? []);
    const content = deltas.map((delta) => delta.content ?? '').join('');
    const message = { role: 'assistant', content, reasoning_details: COLLECTING[way]?.(details) };
    expect(sentBack(message)).toEqual(thoughtsOf(name));
  });

  test(`${name}, whole`, () => {
    const { whole } = playedAnthropic({ body: readFileSync(join(FIXTURES, name)) }, { stream: false });
    if (whole === null) throw new Error('there is no answer');
    const { choices } = openAiChat.whole(HEAD, whole, BILL) as { choices: { message: JsonObject }[] };
    expect(sentBack(choices[0]?.message ?? {})).toEqual(thoughtsOf(name));
  });
}
