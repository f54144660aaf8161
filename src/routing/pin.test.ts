import { describe, expect, test } from 'bun:test';
import { endpointOf, modelOf, providerOf } from './__fixtures__/endpoints.ts';
import { pinOf, pinRefusal } from './pin.ts';

const models = [
  modelOf({ endpoints: ['a', 'b'].map((slug) => endpointOf({ provider: providerOf({ slug }) })) }),
];
const thoughtOf = (provider: string) => ({ provider, isNeeded: false });
const compactionOf = (provider: string) => ({ provider, isNeeded: true });

describe('the provider that alone may serve', () => {
  test.each([
    ['nobody sealed anything', [], null],
    ['one sealed a thought', [thoughtOf('b')], 'b'],
    ['the latest of two', [thoughtOf('a'), thoughtOf('b')], 'b'],
    [
      'the latest that serves the model, after a change of model and back',
      [thoughtOf('a'), thoughtOf('c')],
      'a',
    ],
    ['none of those that sealed thoughts serves the model', [thoughtOf('c')], null],
    ['who compacted, whoever thought since', [compactionOf('a'), thoughtOf('b')], 'a'],
  ])('%s', (_, origins, pin) => {
    expect(pinOf(models, origins)).toBe(pin);
  });

  test('a conversation that a stranger to the model compacted is refused, naming the stranger', () => {
    expect(() => pinOf(models, [compactionOf('c'), thoughtOf('a')])).toThrow(
      expect.objectContaining({ status: 400, message: expect.stringContaining('"c"') }) as never,
    );
  });
});

test('who may not serve is named with the reason, and the pin itself is none', () => {
  const { status, message } = pinRefusal('a', new Set(['pinned', 'ignore']));
  expect(status).toBe(400);
  expect(message).toContain('a may not serve this request (ignore)');
});
