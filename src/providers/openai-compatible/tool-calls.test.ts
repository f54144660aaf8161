import { describe, expect, test } from 'bun:test';
import type { JsonObject } from '../../json.ts';
import { chunk, played, STOP, sse } from '../__fixtures__/upstream.ts';

/** The fragments as told for one stream of deltas with these calls in them, one list a chunk. */
function fragments(...lists: unknown[][]): JsonObject[] {
  const told = played({ body: sse(...lists.map((calls) => chunk({ tool_calls: calls })), STOP) });
  expect(told.error).toBeNull();
  return told.deltas.flatMap((delta) => (delta['tool_calls'] ?? []) as JsonObject[]);
}

/** What a client that joins fragments by their index ends up with. */
function joined(told: readonly JsonObject[]) {
  const calls: { id: unknown; type: unknown; name: string; arguments: string }[] = [];
  for (const fragment of told) {
    const index = fragment['index'] as number;
    const fn = fragment['function'] as JsonObject;
    const call = calls[index];
    if (call === undefined) {
      calls[index] = {
        id: fragment['id'],
        type: fragment['type'],
        name: String(fn['name']),
        arguments: String(fn['arguments']),
      };
    } else {
      expect(fragment).not.toHaveProperty('id');
      call.name += fn['name'] ?? '';
      call.arguments += fn['arguments'] ?? '';
    }
  }
  return calls;
}

const call = (
  index: number | undefined,
  id: string | null | undefined,
  name?: string | null,
  text?: unknown,
) => ({
  ...(index === undefined ? {} : { index }),
  ...(id === undefined ? {} : { id }),
  function: { ...(name === undefined ? {} : { name }), ...(text === undefined ? {} : { arguments: text }) },
});

const TWO = [
  { id: 'a', type: 'function', name: 'f', arguments: '{"x":1}' },
  { id: 'b', type: 'function', name: 'g', arguments: '{"y":2}' },
];

describe('fragments of streamed calls', () => {
  test('as OpenAI sends them stay as they are', () => {
    expect(
      fragments(
        [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }],
        [{ index: 0, function: { arguments: '{"x":' } }],
        [{ index: 0, function: { arguments: '1}' } }],
      ),
    ).toEqual([
      { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } },
      { index: 0, function: { arguments: '{"x":' } },
      { index: 0, function: { arguments: '1}' } },
    ]);
  });

  test.each([
    ['all number 0, whole', [[call(0, 'a', 'f', '{"x":1}')], [call(0, 'b', 'g', '{"y":2}')]]],
    ['all number 0, in one chunk', [[call(0, 'a', 'f', '{"x":1}'), call(0, 'b', 'g', '{"y":2}')]]],
    [
      'all number 0, in fragments',
      [
        [call(0, 'a', 'f', '')],
        [call(0, undefined, undefined, '{"x":1}')],
        [call(0, 'b', 'g', '')],
        [call(0, undefined, undefined, '{"y":2}')],
      ],
    ],
    ['no numbers', [[call(undefined, 'a', 'f', '{"x":1}'), call(undefined, 'b', 'g', '{"y":2}')]]],
    [
      'no numbers, in fragments',
      [
        [call(undefined, 'a', 'f', '')],
        [call(undefined, undefined, undefined, '{"x":1}')],
        [call(undefined, 'b', 'g', '{"y"')],
        [call(undefined, undefined, undefined, ':2}')],
      ],
    ],
    ['numbers from 1', [[call(1, 'a', 'f', '{"x":1}')], [call(2, 'b', 'g', '{"y":2}')]]],
    ['numbers with gaps', [[call(3, 'a', 'f', '{"x":1}')], [call(7, 'b', 'g', '{"y":2}')]]],
    [
      'interleaved',
      [
        [call(0, 'a', 'f', '{"x"'), call(1, 'b', 'g', '{"y"')],
        [call(1, undefined, undefined, ':2}'), call(0, undefined, undefined, ':1}')],
      ],
    ],
    [
      'the id on each fragment',
      [
        [call(0, 'a', 'f', '{"x"')],
        [call(0, 'a', undefined, ':1}')],
        [call(1, 'b', 'g', '{"y"')],
        [call(1, 'b', undefined, ':2}')],
      ],
    ],
    [
      'id and name on each fragment',
      [
        [call(0, 'a', 'f', '{"x"')],
        [call(0, 'a', 'f', ':1}')],
        [call(1, 'b', 'g', '{"y"')],
        [call(1, 'b', 'g', ':2}')],
      ],
    ],
    [
      'the name without an id on each fragment, the last of them empty',
      [
        [call(0, 'a', 'f', '{"x"')],
        [call(0, undefined, 'f', ':1}')],
        [call(0, undefined, 'f', '')],
        [call(1, 'b', 'g', '{"y":2}')],
        [call(1, undefined, 'g', '')],
      ],
    ],
    [
      'name and arguments on the call itself',
      [
        [{ index: 0, id: 'a', name: 'f', arguments: { x: 1 } }],
        [{ index: 1, id: 'b', name: 'g', arguments: '{"y":2}' }],
      ],
    ],
    [
      'empty ids and names on what goes on',
      [
        [call(0, 'a', 'f', '')],
        [call(0, '', '', '{"x":1}')],
        [call(1, 'b', 'g', '')],
        [call(1, null, null, '{"y":2}')],
      ],
    ],
    [
      'a fresh id on each fragment',
      [
        [call(0, 'a', 'f', '{"x"')],
        [call(0, 'a2', undefined, ':1}')],
        [call(1, 'b', 'g', '{"y"')],
        [call(1, 'b2', undefined, ':2}')],
      ],
    ],
    ['arguments as objects', [[call(0, 'a', 'f', { x: 1 })], [call(1, 'b', 'g', { y: 2 })]]],
    [
      'the name after the arguments began',
      [[call(0, 'a', undefined, '{"x"')], [call(0, undefined, 'f', ':1}')], [call(1, 'b', 'g', '{"y":2}')]],
    ],
  ] as [string, unknown[][]][])('%s: two calls, 0 and 1', (_name, lists) => {
    expect(joined(fragments(...lists))).toEqual(TWO);
  });

  test.each([
    ['with numbers', [[call(0, undefined, 'f', '{"x":1}')], [call(1, undefined, 'g', '{"y":2}')]]],
    ['all number 0', [[call(0, undefined, 'f', '{"x":1}')], [call(0, undefined, 'g', '{"y":2}')]]],
    ['all number 0, of one function', [[call(0, '', 'f', '{"x":1}')], [call(0, '', 'f', '{"y":2}')]]],
    ['without numbers', [[call(undefined, null, 'f', '{"x":1}')], [call(undefined, null, 'f', '{"y":2}')]]],
  ] as [string, unknown[][]][])('without ids, %s: each gets one of its own', (_name, lists) => {
    const calls = joined(fragments(...lists));
    expect(calls.map((one) => one.arguments)).toEqual(['{"x":1}', '{"y":2}']);
    expect(calls.every(({ id }) => /^call_\w{32}$/.test(String(id)))).toBe(true);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
  });

  test('two calls with one id get two, because their results must find them', () => {
    const calls = joined(fragments([call(0, 'a', 'f', '{}')], [call(1, 'a', 'g', '{}')]));
    expect(calls.map(({ name }) => name)).toEqual(['f', 'g']);
    expect(calls[0]?.id).toBe('a');
    expect(calls[1]?.id).not.toBe('a');
  });

  test('an id that comes with the name, behind an empty beginning, is the call’s', () => {
    for (const first of [
      call(0, undefined, undefined, ''),
      call(0, '', undefined, '{"x":'),
      call(0, null, ''),
    ]) {
      const text = first.function.arguments === '{"x":' ? '1}' : '{"x":1}';
      expect(joined(fragments([first], [call(0, 'a', 'f', text)], [call(1, 'b', 'g', '{"y":2}')]))).toEqual(
        TWO,
      );
    }
  });

  test('an id that comes when the call was told of begins no other', () => {
    for (const name of [undefined, 'f']) {
      const calls = joined(
        fragments(
          [call(0, undefined, 'f', '{"x"')],
          [call(0, 'a', name, ':')],
          [call(0, 'a', name, '1}')],
          [call(0, 'b', 'g', '{"y":2}')],
        ),
      );
      expect(calls.map((one) => [one.name, one.arguments])).toEqual([
        ['f', '{"x":1}'],
        ['g', '{"y":2}'],
      ]);
      expect(calls[0]?.id).toMatch(/^call_\w{32}$/);
      expect(calls[1]?.id).toBe('b');
    }
  });

  test('an id behind a whole call without one begins another', () => {
    const calls = joined(fragments([call(0, undefined, 'f', '{"x":1}')], [call(0, 'b', 'f', '{"y":2}')]));
    expect(calls.map((one) => one.arguments)).toEqual(['{"x":1}', '{"y":2}']);
    expect(calls[1]?.id).toBe('b');
  });

  test('for a caller of another dialect fragments go on with their own call, in whatever order they come', () => {
    const lists = [
      [call(0, 'a', 'f', '{"x"')],
      [call(1, 'b', 'g', '')],
      [call(0, undefined, undefined, ':1}')],
      [call(1, undefined, undefined, '{"y":2}')],
    ];
    const told = played(
      {
        body: sse(
          chunk({ content: 'hm' }),
          ...lists.map((calls) => chunk({ tool_calls: calls })),
          chunk({ content: 'ok' }),
          STOP,
        ),
      },
      { dialect: 'openai-text' },
    );
    const texts: string[] = [];
    const ended: number[] = [];
    for (const event of told.events) {
      if (event.type === 'block-start') {
        const { part } = event;
        texts[event.block] = part.type === 'tool-call' ? `${part.id} ${part.name} ` : `${part.type} `;
      } else if (event.type === 'delta') {
        expect(ended).not.toContain(event.block);
        texts[event.block] += event.text;
      } else if (event.type === 'block-end') ended.push(event.block);
    }
    expect(texts).toEqual(['text hm', 'a f {"x":1}', 'b g {"y":2}', 'text ok']);
    expect(ended.sort()).toEqual([0, 1, 2, 3]);
    expect(told.events.at(-1)).toMatchObject({ type: 'finish', reason: 'tool_calls' });
  });

  test('what the vendor put beside a call passes, and nulls do not', () => {
    const extra_content = { google: { thought_signature: 'sig' } };
    expect(
      fragments(
        [
          {
            index: 0,
            id: 'a',
            type: null,
            extra_content,
            function: { name: 'f', arguments: null, parsed: null },
          },
        ],
        [
          {
            index: 0,
            extra_content: { google: { thought_signature: 'more' } },
            function: { arguments: '{}', x: 1 },
          },
        ],
      ),
    ).toEqual([
      { index: 0, id: 'a', type: 'function', extra_content, function: { name: 'f', arguments: '' } },
      {
        index: 0,
        extra_content: { google: { thought_signature: 'more' } },
        function: { arguments: '{}', x: 1 },
      },
    ]);
  });

  test('a call without a name is told of at the end, with what it had', () => {
    const told = played({
      body: sse(
        chunk({ tool_calls: [{ index: 0, id: 'a', note: 'n', function: { arguments: '{}' } }] }),
        STOP,
      ),
    });
    const calls = told.deltas.flatMap((delta) => (delta['tool_calls'] ?? []) as JsonObject[]);
    expect(calls).toEqual([
      { index: 0, id: 'a', type: 'function', note: 'n', function: { name: '', arguments: '{}' } },
    ]);
    expect(told.finishes[0]?.reason).toBe('tool_calls');
  });

  test('calls of another kind keep their own members', () => {
    const custom = { index: 0, id: 'a', type: 'custom', custom: { name: 'f', input: 'x' } };
    expect(fragments([custom])[0]).toMatchObject({
      id: 'a',
      type: 'custom',
      custom: { name: 'f', input: 'x' },
    });
  });

  test('calls of another kind need no function to be told of at once, and go on by themselves', () => {
    const told = played({
      body: sse(
        chunk({ tool_calls: [{ index: 0, id: 'a', type: 'custom', custom: { name: 'f', input: 'x' } }] }),
        chunk({ content: 'text' }),
        STOP,
      ),
    });
    const [first] = told.deltas;
    expect(first?.['tool_calls']).toMatchObject([{ type: 'custom', custom: { name: 'f', input: 'x' } }]);
  });

  test('a name in pieces comes in pieces, and a name that is repeated once', () => {
    const pieces = fragments(
      [call(0, 'a', 'edit_ex', '')],
      [call(0, undefined, 'isting')],
      [call(0, 'a', undefined, '{}')],
    );
    expect(joined(pieces)).toMatchObject([{ name: 'edit_existing', arguments: '{}' }]);
    const repeated = fragments([call(0, 'a', 'f', '{')], [call(0, 'a', 'f', '}')], [call(0, 'a', 'f')]);
    expect(joined(repeated)).toMatchObject([{ name: 'f', arguments: '{}' }]);
  });

  test('two ids are two calls, though the first has no arguments', () => {
    for (const name of ['f', 'g']) {
      const told = fragments(
        [call(0, 'a', 'f', '')],
        [call(0, 'b', name, '')],
        [call(0, 'b', undefined, '{}')],
      );
      expect(joined(told)).toMatchObject([
        { id: 'a', name: 'f', arguments: '' },
        { id: 'b', name, arguments: '{}' },
      ]);
    }
  });

  test('a brace that closes an inner object does not end a call without an id', () => {
    const told = fragments(
      [call(undefined, undefined, 'f', '{"a":{}')],
      [call(undefined, undefined, 'f', '}')],
    );
    expect(joined(told)).toMatchObject([{ name: 'f', arguments: '{"a":{}}' }]);
    const two = fragments(
      [call(undefined, undefined, 'f', '{"a":{}} ')],
      [call(undefined, undefined, 'f', '{}')],
    );
    expect(joined(two)).toMatchObject([{ arguments: '{"a":{}} ' }, { arguments: '{}' }]);
  });

  test('what is no call is left out', () => {
    expect(fragments(['nonsense', null, 7] as unknown[])).toEqual([]);
  });

  test('each choice counts by itself', () => {
    const both = (fn: JsonObject) =>
      [0, 1].map((index) => ({ index, delta: { tool_calls: [{ index: 0, ...fn }] } }));
    const told = played({
      body: sse(
        { choices: both({ id: 'a', function: { name: 'f', arguments: '' } }) },
        { choices: both({ function: { arguments: '{}' } }) },
      ),
    });
    for (const wanted of [0, 1]) {
      const own = told.choices.filter((choice) => choice['index'] === wanted);
      const calls = own.flatMap(
        (choice) => ((choice['delta'] as JsonObject)['tool_calls'] ?? []) as JsonObject[],
      );
      expect(joined(calls)).toEqual([{ id: 'a', type: 'function', name: 'f', arguments: '{}' }]);
    }
  });
});

describe('calls of a whole answer', () => {
  const whole = (...calls: unknown[]): JsonObject[] => {
    const { body } = played(
      { body: JSON.stringify({ choices: [{ message: { tool_calls: calls }, finish_reason: 'stop' }] }) },
      { stream: false },
    );
    const [choice] = body['choices'] as { message: JsonObject; finish_reason: string }[];
    expect(choice?.finish_reason).toBe(calls.length > 0 ? 'tool_calls' : 'stop');
    return (choice?.message['tool_calls'] ?? []) as JsonObject[];
  };

  test('have an id, a type, a name and arguments as text, and no number', () => {
    expect(
      whole(
        { index: 0, id: 'a', function: { name: 'f', arguments: { x: 1 } } },
        { id: 'b', type: '', function: { name: 'g', arguments: null } },
        { id: 'c', type: 'function', function: { arguments: '{}' } },
        { id: 'd', name: 'h', arguments: {} },
      ),
    ).toEqual([
      { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
      { id: 'b', type: 'function', function: { name: 'g', arguments: '' } },
      { id: 'c', type: 'function', function: { name: '', arguments: '{}' } },
      { id: 'd', type: 'function', function: { name: 'h', arguments: '{}' } },
    ]);
  });

  test('ids that are missing or taken are made', () => {
    const calls = whole(
      { id: 'a', function: { name: 'f' } },
      { id: 'a', function: { name: 'g' } },
      { function: { name: 'h' } },
      { id: '', function: { name: 'i' } },
    );
    expect(new Set(calls.map(({ id }) => id)).size).toBe(4);
    expect(calls.slice(1).every(({ id }) => /^call_\w{32}$/.test(String(id)))).toBe(true);
  });

  test('keep what the vendor put beside them', () => {
    const extra = { extra_content: { google: { thought_signature: 'sig' } } };
    expect(whole({ id: 'a', ...extra, function: { name: 'f', arguments: '{}', strict: true } })).toEqual([
      { id: 'a', type: 'function', ...extra, function: { name: 'f', arguments: '{}', strict: true } },
    ]);
    expect(whole({ id: 'a', type: 'custom', custom: { name: 'f', input: '' } })).toEqual([
      { id: 'a', type: 'custom', custom: { name: 'f', input: '' } },
    ]);
  });

  test('an empty list is left out', () => {
    expect(whole()).toEqual([]);
  });
});
