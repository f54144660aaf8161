import { expect, test } from 'bun:test';
import { TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { parseTextRequest } from './request.ts';

const parse = (members: JsonObject) => parseTextRequest({ model: 'm', ...members }, 50);

function refusal(members: JsonObject): string {
  try {
    parse(members);
  } catch (thrown) {
    if (thrown instanceof TurnpikeError && thrown.status === 400) return thrown.message;
    throw thrown;
  }
  return 'accepted';
}

test('a legacy prompt becomes one user message, and is still known as it came', () => {
  const body = { model: 'm', prompt: ['once'], echo: false, best_of: 1, suffix: '', seed: 5 };
  const { payload, modelIds, bodyBytes, usedParameters } = parseTextRequest(body, 50);
  const { messages, parameters } = payload.prompt();
  expect(messages).toEqual([{ role: 'user', name: null, parts: [{ type: 'text', text: 'once' }] }]);
  expect(parameters).toEqual({ seed: 5 });
  expect([modelIds, bodyBytes, usedParameters]).toEqual([['m'], 50, ['seed']]);
  expect(payload.native).toEqual({ dialect: 'openai-text', body });
});

test('what has no meaning there is refused by its name', () => {
  const cases: [JsonObject, string][] = [
    [{}, 'prompt '],
    [{ prompt: '' }, 'prompt '],
    [{ prompt: [] }, 'prompt '],
    [{ prompt: ['a', 'b'] }, 'prompt '],
    [{ prompt: [1, 2] }, 'prompt '],
    [{ prompt: 'x', echo: true }, 'echo '],
    [{ prompt: 'x', suffix: 'y' }, 'suffix '],
    [{ prompt: 'x', best_of: 2 }, 'best_of '],
    [{ prompt: 'x', temperature: 9 }, 'temperature '],
  ];
  for (const [members, start] of cases)
    expect([members, refusal(members)]).toEqual([members, expect.stringMatching(start)]);
  for (const members of [{ echo: null }, { suffix: null }, { best_of: null }])
    expect(refusal({ prompt: 'x', ...members })).toBe('accepted');
});

test('the number of alternatives becomes a switch with the number beside it', () => {
  const asked = (logprobs: unknown) => {
    const { parameters } = parse({ prompt: 'x', logprobs }).payload.prompt();
    return [parameters['logprobs'], parameters['top_logprobs']];
  };
  expect([asked(3), asked(20), asked(0), asked(true)]).toEqual([
    [true, 3],
    [true, 20],
    [true, undefined],
    [true, undefined],
  ]);
  for (const none of [undefined, null, false]) expect(asked(none)).toEqual([undefined, undefined]);
  for (const wrong of [21, -1, 1.5, '3', {}])
    expect(refusal({ prompt: 'x', logprobs: wrong })).toStartWith('logprobs ');
});
