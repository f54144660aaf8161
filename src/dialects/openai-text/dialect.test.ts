import { expect, test } from 'bun:test';
import type { ChatAnswer } from '../../chat/answer.ts';
import type { Part } from '../../chat/prompt.ts';
import { BILL, FACTS, HEAD } from '../__fixtures__/answers.ts';
import { openAiText } from './dialect.ts';

const { excludesReasoning: _, remembered: __, ...OWN } = HEAD;

function answer(parts: readonly Part[], more: Partial<ChatAnswer> = {}): ChatAnswer {
  const choice = {
    index: 0,
    parts,
    finishReason: 'stop',
    nativeFinishReason: 'end',
    logprobs: null,
  } as const;
  return { ...FACTS, form: 'typed', choices: [choice], ...more } as ChatAnswer;
}

const THOUGHT = { type: 'reasoning', text: 'hmm' } as const;
const TEXT = { type: 'text', text: 'hi' } as const;

test('a whole text answer has its text, and its reasoning beside it', () => {
  const { usage, ...body } = openAiText.whole(HEAD, answer([THOUGHT, TEXT, TEXT]), BILL);
  expect(body).toEqual({
    ...OWN,
    object: 'text_completion',
    system_fingerprint: null,
    choices: [
      {
        index: 0,
        text: 'hihi',
        reasoning: 'hmm',
        logprobs: null,
        finish_reason: 'stop',
        native_finish_reason: 'end',
      },
    ],
  });
  expect(usage).toMatchObject({ prompt_tokens: 132, completion_tokens: 103, cost: 0.001234568 });
});

test('a thought that is not wanted, or that is none, has no member', () => {
  const hidden = openAiText.whole({ ...HEAD, excludesReasoning: true }, answer([THOUGHT, TEXT]), BILL);
  const none = openAiText.whole(HEAD, answer([TEXT]), BILL);
  for (const body of [hidden, none]) expect(JSON.stringify(body['choices'])).not.toContain('"reasoning"');
});

test('a refusal is text; what has no place here is left out', () => {
  const parts: Part[] = [
    { type: 'refusal', text: 'no' },
    { type: 'tool-call', id: 'c', name: 'f', argumentsJson: '{}' },
    { type: 'opaque', dialect: 'openai-chat', value: { text: 'images' } },
  ];
  expect(openAiText.whole(HEAD, answer(parts), BILL)['choices']).toMatchObject([{ text: 'no' }]);
});

test('what the provider says of itself is told, and a tier and a name only where there are any', () => {
  const told = answer([TEXT], { systemFingerprint: 'fp', serviceTier: 'flex' });
  expect(openAiText.whole(HEAD, told, BILL)).toMatchObject({
    system_fingerprint: 'fp',
    service_tier: 'flex',
  });
  const bare = Object.keys(openAiText.whole({ ...HEAD, provider: null }, answer([TEXT]), BILL));
  expect([bare.includes('service_tier'), bare.includes('provider')]).toEqual([false, false]);
});

test('an answer that only another dialect can write is a defect, not an empty text', () => {
  const native = { ...FACTS, form: 'native', dialect: 'openai-chat', body: { choices: [] } } as const;
  expect(() => openAiText.whole(HEAD, native, BILL)).toThrow('native');
});
