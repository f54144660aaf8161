import { expect, test } from 'bun:test';
import type { ChatMessage, ChatPrompt, Part } from '../../chat/prompt.ts';
import { bodyOfPrompt } from './prompt-body.ts';

const IMAGE: Part = {
  type: 'media',
  kind: 'image',
  source: { kind: 'base64', mediaType: 'image/png', data: 'AA' },
};
const SENT = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } };
const text = (said: string): Part => ({ type: 'text', text: said });
const result = (callId: string, content: Part[], isError = false): Part => ({
  type: 'tool-result',
  callId,
  content,
  isError,
});
const said = (role: ChatMessage['role'], ...parts: Part[]): ChatMessage => ({ role, name: null, parts });

function messagesOf(...messages: ChatMessage[]): unknown {
  const rest = {
    tools: [],
    toolChoice: null,
    parallelToolCalls: null,
    format: null,
    stop: [],
    parameters: {},
  };
  const prompt: ChatPrompt = { messages, ...rest };
  return bodyOfPrompt(prompt)['messages'];
}

const MORE = 'The rest of this result is in the next message.';
const from = (callId: string) => ({ type: 'text', text: `From the result of ${callId}:` });

test('a result with an image is a text, and the image stands in the user’s message behind all results', () => {
  const one = said('user', result('a', [text('r'), IMAGE]), result('b', [IMAGE]), text('Go on.'));
  expect(messagesOf(one)).toEqual([
    { role: 'tool', tool_call_id: 'a', content: `r\n${MORE}` },
    { role: 'tool', tool_call_id: 'b', content: MORE },
    { role: 'user', content: [from('a'), SENT, from('b'), SENT] },
    { role: 'user', content: 'Go on.' },
  ]);
});

test('nothing stands between results that come as messages of their own', () => {
  const two = [said('tool', result('a', [IMAGE])), said('tool', result('b', [text('r')]))];
  const sent = [
    { role: 'tool', tool_call_id: 'a', content: MORE },
    { role: 'tool', tool_call_id: 'b', content: 'r' },
    { role: 'user', content: [from('a'), SENT] },
  ];
  expect(messagesOf(...two)).toEqual(sent);
  expect(messagesOf(...two, said('assistant', text('ok')))).toEqual([
    ...sent,
    { role: 'assistant', content: 'ok' },
  ]);
});

test('a result says in its text that the tool failed', () => {
  expect(messagesOf(said('user', result('a', [text('no net')], true)))).toEqual([
    { role: 'tool', tool_call_id: 'a', content: 'The tool failed:\nno net' },
  ]);
});

test('thoughts go back with the name of whoever can read them', () => {
  const vendors = { format: 'google-gemini-v1', id: 'r' } as const;
  const thoughts: Part[] = [
    { type: 'reasoning', text: 'hm', signature: 's', ...vendors },
    { type: 'reasoning', text: '', redacted: 'd', ...vendors },
  ];
  expect(messagesOf(said('assistant', ...thoughts, text('a')))).toEqual([
    {
      role: 'assistant',
      content: 'a',
      reasoning_details: [
        { type: 'reasoning.text', text: 'hm', signature: 's', ...vendors },
        { type: 'reasoning.encrypted', data: 'd', ...vendors },
      ],
    },
  ]);
});

test('what only another dialect can say is refused by its own name', () => {
  const block: Part = { type: 'opaque', dialect: 'anthropic-messages', value: { type: 'search_result' } };
  expect(() => messagesOf(said('user', block))).toThrow('"search_result"');
});
