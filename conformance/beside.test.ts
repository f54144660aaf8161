/** When a client through Turnpike counts as worse off than at its vendor. */
import { expect, test } from 'bun:test';
import { besidePlayOf, type Heard } from './beside.ts';
import type { Beside, Client } from './client.ts';
import type { Received } from './vendors/vendor.ts';

const client = { toolName: 'Read' } as Client;
const judge = (feature: Beside, direct: Heard, through: Heard) =>
  besidePlayOf(feature, client).judge(client, direct, through);

const received = (changes: Partial<Received> = {}): Received => ({
  ...{ path: '/v1/messages', headers: new Headers(), body: {}, problem: null },
  usage: { fresh: 0, written: 0, read: 0 },
  ...changes,
});

function heard(tries: number, stdout: string, changes: Partial<Heard> = {}): Heard {
  return {
    outcome: { code: stdout.includes('heron') ? 0 : 1, stdout, stderr: '', seconds: 1 },
    asked: Array.from({ length: tries }, () => ({ method: 'POST', path: '/v1/messages', status: 200 })),
    ...{ received: [], counted: 0, marker: 'heron' },
    ...changes,
  };
}

test('an answer that the vendor alone gives, and more requests than it gets, are worse', () => {
  expect(judge('vendor: 429', heard(2, 'heron'), heard(2, 'heron'))).toBeNull();
  expect(judge('vendor: 429', heard(2, 'heron'), heard(1, 'heron'))).toBeNull();
  expect(judge('vendor: 429', heard(2, 'heron'), heard(3, 'heron'))).toContain('3 requests');
  expect(judge('vendor: 429', heard(2, 'heron'), heard(2, 'nothing'))).toContain('by the vendor alone');
  expect(judge('vendor: 429', heard(1, 'nothing'), heard(3, 'heron'))).toBeNull();
});

test('a request that the vendor would refuse is worse, whatever the client makes of it', () => {
  const through = heard(2, 'heron', { received: [received({ problem: 'Invalid `signature`' })] });
  expect(judge('vendor: tools', heard(2, 'heron'), through)).toContain('signature');
});

test('a reason that the user does not read, and more tries for it, are worse', () => {
  expect(judge('vendor: spent', heard(1, 'quota'), heard(1, 'Key limit exceeded'))).toBeNull();
  expect(judge('vendor: spent', heard(1, 'quota'), heard(1, 'oops'))).toContain('the user reads');
  expect(judge('vendor: spent', heard(1, 'quota'), heard(6, 'Key limit exceeded'))).toContain('6 requests');
});

test('a cache that is read in part is worse', () => {
  const cached = (...reads: number[]) =>
    heard(reads.length, 'heron', {
      received: reads.map((read, at) =>
        received({ usage: { read, written: at === 0 ? 100 : 10, fresh: 0 } }),
      ),
    });
  expect(judge('prompt cache', cached(0, 100, 110), cached(0, 100, 110))).toBeNull();
  expect(judge('prompt cache', cached(0, 100, 110), cached(0, 100, 100))).toContain('reads 100 of 110');
  expect(judge('prompt cache', cached(0, 100, 110), cached(0, 0, 10))).toContain('reads 0 of 100');
  expect(judge('prompt cache', cached(0, 0, 0), cached(0, 100, 110))).toContain('not even the vendor');
  expect(judge('prompt cache', cached(0, 100, 110), cached(0, 100))).toContain('heard 2 requests');
});

test('prompts that the vendor did not count, or whose count failed, are worse', () => {
  expect(judge('token count', heard(2, '', { counted: 2 }), heard(2, '', { counted: 2 }))).toBeNull();
  expect(judge('token count', heard(2, '', { counted: 2 }), heard(2, '', { counted: 1 }))).toContain(
    'counted 1',
  );
  const failed = { counted: 2, asked: [{ method: 'POST', path: '/count', status: 404 }] };
  expect(judge('token count', heard(2, '', { counted: 2 }), heard(1, '', failed))).toContain('404');
});

test('other instructions, tools or efforts than at the vendor are worse', () => {
  const begun = (changes: object) =>
    heard(1, 'heron', {
      received: [
        received({
          body: {
            input: [{ content: 'You are' }],
            tools: [{ name: 'a' }],
            reasoning: { effort: 'medium' },
            ...changes,
          },
        }),
      ],
    });
  expect(judge('vendor: instructions', begun({}), begun({}))).toBeNull();
  expect(judge('vendor: instructions', begun({}), begun({ tools: [] }))).toContain('tools');
  expect(judge('vendor: instructions', begun({}), begun({ reasoning: {} }))).toContain('reasoning');
  expect(judge('vendor: instructions', begun({}), begun({ input: [{ content: 'Be' }] }))).toContain(
    'instructions',
  );
});
