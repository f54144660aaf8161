/** OpenAI's own responses on their way through: its events and items as they are, under our head and at our price. */
import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChatEvent } from '../../chat/event.ts';
import { TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { BILL, FACTS, HEAD } from '../__fixtures__/answers.ts';
import { ResponsesEncoder } from './encoder.ts';
import { parseResponsesRequest } from './request.ts';
import { wholeResponse } from './whole.ts';

const RECORDINGS = join(import.meta.dir, '../../providers/openai-compatible/__fixtures__/responses');

const jsonOf = (frames: string): JsonObject[] =>
  frames
    .split('\n\n')
    .filter((frame) => frame.includes('data: {'))
    .map((frame) => JSON.parse(frame.slice(frame.indexOf('data: ') + 6)));

const request = {
  model: 'm',
  input: 'hi',
  user: 'ann',
  tool_choice: { type: 'custom', name: 'write_sql' },
  tools: [],
};
const { remembered } = parseResponsesRequest(request, 10, { headers: new Headers() });
const head = { ...HEAD, remembered };

const told = (name: string): JsonObject[] => jsonOf(readFileSync(join(RECORDINGS, name), 'utf8'));
const nativeOf = (event: JsonObject): ChatEvent => ({
  type: 'native',
  dialect: 'openai-responses',
  event,
  writtenBytes: 0,
  saysSomething: true,
});

describe.each(['custom-tool.sse', 'reasoning-encrypted-content.sse', 'client-tool-search.sse'])(
  '%s',
  (name) => {
    const events = told(name);
    const encoder = new ResponsesEncoder(head);
    const relayed = jsonOf(encoder.events(structuredClone(events).map(nativeOf)));
    const ending = jsonOf(encoder.finish(BILL));

    test('keeps its events, counted anew', () => {
      const without = (list: JsonObject[]) =>
        list.map(({ sequence_number: _, response: __, ...rest }) => rest);
      expect(without([...relayed, ...ending])).toEqual(without(events));
      expect([...relayed, ...ending].map((event) => event['sequence_number'])).toEqual([...events.keys()]);
    });

    test('has our head wherever a response is told, with everything that clients insist on', () => {
      for (const { response } of [...relayed, ...ending]) {
        if (response === undefined) continue;
        expect(response).toMatchObject({
          id: HEAD.id,
          model: HEAD.model,
          store: false,
          user: 'ann',
          tool_choice: 'required',
        });
        for (const member of ['completed_at', 'presence_penalty', 'frequency_penalty'])
          expect(response).toHaveProperty(member);
        expect(response).not.toHaveProperty('billing');
      }
    });

    test('ends, once it is paid for, with all of its output and our price', () => {
      const [{ response: last } = {}] = ending as { response?: JsonObject }[];
      const { response } = events[events.length - 1] as { response: JsonObject };
      const { output } = response;
      expect(last).toMatchObject({
        status: 'completed',
        output,
        usage: { total_tokens: 235, cost: 0.001234568 },
      });
    });
  },
);

test('a relayed answer that is cut off ends with the items that had come', () => {
  const events = told('reasoning-encrypted-content.sse');
  const until = events.findIndex(({ type }) => type === 'response.output_item.done') + 2;
  const encoder = new ResponsesEncoder(head);
  encoder.events(events.slice(0, until).map(nativeOf));
  const [ending] = jsonOf(encoder.cutOff() + encoder.finish(BILL));
  expect(ending).toMatchObject({
    type: 'response.incomplete',
    response: {
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [events[until - 2]?.['item']],
    },
  });
});

test('a relayed answer that breaks off fails in our words', () => {
  const encoder = new ResponsesEncoder(head);
  encoder.events(told('custom-tool.sse').slice(0, 3).map(nativeOf));
  const [failure] = jsonOf(encoder.fail(new TurnpikeError('provider_unavailable')));
  expect(failure).toMatchObject({
    type: 'response.failed',
    sequence_number: 3,
    response: { id: HEAD.id, error: { code: 'server_error' } },
  });
});

test('a whole one has our head and our price', () => {
  const body = JSON.parse(readFileSync(join(RECORDINGS, 'reasoning-encrypted-content.json'), 'utf8'));
  const whole = wholeResponse(head, { ...FACTS, form: 'native', dialect: 'openai-responses', body }, BILL);
  expect(whole).toMatchObject({
    id: HEAD.id,
    model: HEAD.model,
    output: body.output,
    usage: { cost: 0.001234568 },
  });
  expect(whole['output_text']).toContain('Final result: 570');
});
