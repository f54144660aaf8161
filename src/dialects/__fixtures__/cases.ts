/**
 * The answers of the golden files: each told in every form that an adapter may tell it in. `typed` is what the adapters of foreign
 * wire formats tell, `native` what one of OpenAI's own format relays.
 */
import type { AnswerChoice, ChatAnswer } from '../../chat/answer.ts';
import type { ChatEvent, FinishReason } from '../../chat/event.ts';
import type { Part } from '../../chat/prompt.ts';
import { NO_USAGE } from '../../chat/usage.ts';
import { TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import type { AnswerHead } from '../dialect.ts';
import { FACTS } from './answers.ts';

export type Form = 'typed' | 'native';

/** How a stream of the case ends: by itself, at the cap of a limit, or by a failure. */
export type Ending = 'finish' | 'cut-off' | TurnpikeError;

export interface AnswerCase {
  readonly name: string;
  readonly head?: Partial<AnswerHead>;
  readonly ending: Ending;
  /** The caller asked to see what goes upstream. */
  readonly upstreamBody?: JsonObject;
  /** By form; a form that a case lacks cannot tell it. Each list of events arrived together. */
  readonly streamed: Partial<Record<Form, readonly (readonly ChatEvent[])[]>>;
  readonly whole: Partial<Record<Form, ChatAnswer>>;
}

const start = (choice: number, block: number, part: 'text' | 'reasoning' | 'refusal'): ChatEvent => ({
  type: 'block-start',
  choice,
  block,
  part: { type: part },
});
const said = (choice: number, block: number, text: string): ChatEvent => ({
  type: 'delta',
  choice,
  block,
  text,
});
const ended = (choice: number, block: number, signature?: string): ChatEvent => ({
  type: 'block-end',
  choice,
  block,
  ...(signature === undefined ? {} : { signature }),
});
const finished = (choice: number, reason: FinishReason, native: string = reason): ChatEvent => ({
  type: 'finish',
  choice,
  reason,
  native,
});
const counted: ChatEvent = { type: 'usage', usage: { ...NO_USAGE, inputTokens: 9, outputTokens: 9 } };
const facts: ChatEvent = {
  type: 'meta',
  upstreamId: 'chatcmpl-upstream',
  systemFingerprint: 'fp_1',
  serviceTier: 'default',
};

function chunk(
  index: number,
  delta: JsonObject,
  reason: FinishReason | null = null,
  native: string | null = reason,
  more: JsonObject = {},
): ChatEvent {
  const choice = { index, delta, finish_reason: reason, native_finish_reason: native, ...more };
  return {
    type: 'native',
    dialect: 'openai-chat',
    event: { choices: [choice] },
    writtenBytes: 1,
    saysSomething: true,
  };
}

function typed(...choices: (Partial<AnswerChoice> & { parts: readonly Part[] })[]): ChatAnswer {
  return {
    ...FACTS,
    form: 'typed',
    choices: choices.map((choice, index) => ({
      index,
      finishReason: 'stop',
      nativeFinishReason: 'end_turn',
      logprobs: null,
      ...choice,
    })),
  };
}

function native(...choices: JsonObject[]): ChatAnswer {
  return {
    ...FACTS,
    form: 'native',
    dialect: 'openai-chat',
    body: {
      choices: choices.map((choice, index) => ({
        index,
        finish_reason: 'stop',
        native_finish_reason: 'stop',
        logprobs: null,
        ...choice,
      })),
    },
  };
}

const text = (content: string): Part => ({ type: 'text', text: content });
const message = (members: JsonObject) => ({ message: { role: 'assistant', content: null, ...members } });

const SIGNATURE = { google: { thought_signature: 'c2lnbmVk' } };
const IMAGES = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' }, index: 0 }];
const LOGPROBS = {
  content: [
    {
      token: 'Grü',
      logprob: -0.1,
      bytes: [71, 114, 195, 188],
      top_logprobs: [
        { token: 'Grü', logprob: -0.1, bytes: null },
        { token: 'Hi', logprob: -2.5, bytes: null },
      ],
    },
    { token: 'ße', logprob: -0.2, bytes: null, top_logprobs: [] },
  ],
  refusal: null,
};
const MORE_LOGPROBS = {
  content: [{ token: '!', logprob: -0.3, bytes: [33], top_logprobs: [] }],
  refusal: null,
};

const weather = { id: 'call_1', name: 'weather' };
const time = { id: 'call_2', name: 'time' };

export const CASES: readonly AnswerCase[] = [
  {
    name: 'text',
    ending: 'finish',
    streamed: {
      typed: [
        [facts, start(0, 0, 'text'), said(0, 0, 'Hello,\n')],
        [said(0, 0, '\u2028"wörld" 🚀')],
        [ended(0, 0), finished(0, 'stop', 'end_turn'), counted],
      ],
      native: [
        [facts, chunk(0, { role: 'assistant', content: '' }), chunk(0, { content: 'Hello,\n' })],
        [chunk(0, { content: '\u2028"wörld" 🚀' })],
        [chunk(0, {}, 'stop'), finished(0, 'stop'), counted],
      ],
    },
    whole: {
      typed: {
        ...typed({ parts: [text('Hello,\n'), text('\u2028"wörld" 🚀')] }),
        systemFingerprint: 'fp_1',
        serviceTier: 'default',
      },
      native: {
        ...native(message({ content: 'Hello,\n\u2028"wörld" 🚀', refusal: null, annotations: [] })),
        systemFingerprint: 'fp_1',
        serviceTier: 'default',
      },
    },
  },
  {
    name: 'choices',
    ending: 'finish',
    streamed: {
      typed: [
        [start(0, 0, 'text'), said(0, 0, 'one'), start(1, 0, 'text'), said(1, 0, 'eins')],
        [said(1, 0, '!'), finished(1, 'length', 'max_tokens'), said(0, 0, '!'), finished(0, 'stop')],
      ],
      native: [
        [chunk(0, { role: 'assistant', content: 'one' }), chunk(1, { role: 'assistant', content: 'eins' })],
        [chunk(1, { content: '!' }), chunk(1, {}, 'length'), chunk(0, { content: '!' }, 'stop')],
      ],
    },
    whole: {
      typed: typed(
        { parts: [text('one!')] },
        { parts: [text('eins!')], finishReason: 'length', nativeFinishReason: 'max_tokens' },
      ),
      native: native(message({ content: 'one!' }), {
        ...message({ content: 'eins!' }),
        finish_reason: 'length',
        native_finish_reason: 'length',
      }),
    },
  },
  {
    name: 'tools',
    ending: 'finish',
    streamed: {
      typed: [
        [start(0, 0, 'text'), said(0, 0, 'Let me see.'), ended(0, 0)],
        [
          {
            type: 'block-start',
            choice: 0,
            block: 1,
            part: { type: 'tool-call', ...weather, extra: { extra_content: SIGNATURE } },
          },
          { type: 'block-start', choice: 0, block: 2, part: { type: 'tool-call', ...time } },
        ],
        [said(0, 1, '{"city":'), said(0, 2, '{}'), said(0, 1, '"Köln"}'), ended(0, 1), ended(0, 2)],
        [finished(0, 'tool_calls', 'tool_use')],
      ],
      native: [
        [chunk(0, { role: 'assistant', content: 'Let me see.' })],
        [
          chunk(0, {
            tool_calls: [
              {
                index: 0,
                id: weather.id,
                type: 'function',
                function: { name: weather.name, arguments: '' },
                extra_content: SIGNATURE,
              },
              {
                index: 1,
                id: time.id,
                type: 'function',
                function: { name: time.name, arguments: '{}' },
              },
            ],
          }),
        ],
        [chunk(0, { tool_calls: [{ index: 0, function: { arguments: '{"city":"Köln"}' } }] })],
        [chunk(0, {}, 'tool_calls')],
      ],
    },
    whole: {
      typed: typed({
        parts: [
          text('Let me see.'),
          {
            type: 'tool-call',
            ...weather,
            argumentsJson: '{"city":"Köln"}',
            extra: { extra_content: SIGNATURE },
          },
          { type: 'tool-call', ...time, argumentsJson: '{}' },
        ],
        finishReason: 'tool_calls',
        nativeFinishReason: 'tool_use',
      }),
      native: native({
        ...message({
          content: 'Let me see.',
          tool_calls: [
            {
              id: weather.id,
              type: 'function',
              index: 0,
              function: { name: weather.name, arguments: '{"city":"Köln"}' },
              extra_content: SIGNATURE,
            },
            { id: time.id, type: 'function', index: 1, function: { name: time.name, arguments: '{}' } },
          ],
        }),
        finish_reason: 'tool_calls',
        native_finish_reason: 'tool_calls',
      }),
    },
  },
  ...[false, true].map((excludesReasoning): AnswerCase => {
    const details = [{ type: 'reasoning.text', text: 'Hmm, ', format: 'unknown', index: 0 }];
    const signed = [{ type: 'reasoning.text', signature: 'c2ln', format: 'unknown', index: 0 }];
    return {
      name: excludesReasoning ? 'reasoning-excluded' : 'reasoning',
      head: { excludesReasoning },
      ending: 'finish',
      streamed: {
        typed: [
          [start(0, 0, 'reasoning'), said(0, 0, 'Hmm, '), said(0, 0, 'yes.')],
          [ended(0, 0, 'c2ln'), start(0, 1, 'reasoning'), said(0, 1, 'Sure.'), ended(0, 1)],
          [start(0, 2, 'text'), said(0, 2, '42'), ended(0, 2), finished(0, 'stop', 'end_turn')],
        ],
        native: [
          [
            chunk(0, { role: 'assistant', content: '', reasoning: 'Hmm, ', reasoning_details: details }),
            chunk(0, { reasoning: '', reasoning_details: signed }),
          ],
          [chunk(0, { content: '42' }), chunk(0, {}, 'stop')],
        ],
      },
      whole: {
        typed: typed({
          parts: [
            { type: 'reasoning', text: 'Hmm, yes.', signature: 'c2ln' },
            { type: 'reasoning', text: '', redacted: 'c2VhbGVk' },
            text('42'),
          ],
        }),
        native: native(
          message({
            content: '42',
            reasoning: 'Hmm, ',
            reasoning_details: [{ ...details[0], ...signed[0] }],
          }),
        ),
      },
    };
  }),
  {
    name: 'refusal',
    ending: 'finish',
    streamed: {
      typed: [[start(0, 0, 'refusal'), said(0, 0, 'I will '), said(0, 0, 'not.')], [finished(0, 'stop')]],
      native: [[chunk(0, { role: 'assistant', refusal: 'I will not.' })], [chunk(0, {}, 'stop')]],
    },
    whole: {
      typed: typed({ parts: [{ type: 'refusal', text: 'I will not.' }] }),
      native: native(message({ refusal: 'I will not.' })),
    },
  },
  {
    name: 'logprobs',
    ending: 'finish',
    streamed: {
      typed: [
        [start(0, 0, 'text'), said(0, 0, 'Grüße'), { type: 'logprobs', choice: 0, value: LOGPROBS }],
        [said(0, 0, '!'), { type: 'logprobs', choice: 0, value: MORE_LOGPROBS }],
        [finished(0, 'stop')],
      ],
      native: [
        [chunk(0, { role: 'assistant', content: 'Grüße' }, null, null, { logprobs: LOGPROBS })],
        [chunk(0, {}, 'stop', 'stop', { logprobs: null })],
      ],
    },
    whole: {
      typed: typed({ parts: [text('Grüße')], logprobs: LOGPROBS }),
      native: native({ ...message({ content: 'Grüße' }), logprobs: LOGPROBS }),
    },
  },
  {
    name: 'content-filter',
    ending: 'finish',
    streamed: {
      typed: [[start(0, 0, 'text'), said(0, 0, 'How to')], [finished(0, 'content_filter', 'SAFETY')]],
      native: [
        [chunk(0, { role: 'assistant', content: 'How to' })],
        [chunk(0, {}, 'content_filter', 'content_filter')],
      ],
    },
    whole: {
      typed: typed({ parts: [], finishReason: 'content_filter', nativeFinishReason: 'SAFETY' }),
      native: native({
        ...message({ content: null }),
        finish_reason: 'content_filter',
        native_finish_reason: 'content_filter',
      }),
    },
  },
  {
    name: 'length',
    ending: 'finish',
    streamed: {
      typed: [[start(0, 0, 'text'), said(0, 0, 'To be or')], [finished(0, 'length', 'max_tokens')]],
      native: [[chunk(0, { role: 'assistant', content: 'To be or' })], [chunk(0, {}, 'length')]],
    },
    whole: {
      typed: typed({
        parts: [text('To be or')],
        finishReason: 'length',
        nativeFinishReason: 'max_tokens',
      }),
      native: native({
        ...message({ content: 'To be or' }),
        finish_reason: 'length',
        native_finish_reason: 'length',
      }),
    },
  },
  {
    name: 'images',
    ending: 'finish',
    streamed: {
      typed: [
        [start(0, 0, 'text'), said(0, 0, 'Here:')],
        [
          {
            type: 'block-start',
            choice: 0,
            block: 1,
            part: { type: 'opaque', dialect: 'openai-chat', value: { images: IMAGES } },
          },
          ended(0, 1),
          finished(0, 'stop'),
        ],
      ],
      native: [
        [chunk(0, { role: 'assistant', content: 'Here:' })],
        [chunk(0, { images: IMAGES }), chunk(0, {}, 'stop')],
      ],
    },
    whole: {
      typed: typed({
        parts: [text('Here:'), { type: 'opaque', dialect: 'openai-chat', value: { images: IMAGES } }],
      }),
      native: native(message({ content: 'Here:', images: IMAGES })),
    },
  },
  {
    name: 'upstream-body',
    ending: 'finish',
    upstreamBody: { model: 'small', messages: [{ role: 'user', content: 'hi' }] },
    streamed: {
      typed: [[start(0, 0, 'text'), said(0, 0, 'hi'), finished(0, 'stop')]],
      native: [[chunk(0, { role: 'assistant', content: 'hi' }), chunk(0, {}, 'stop')]],
    },
    whole: {},
  },
  {
    name: 'late-failure',
    head: { model: '', provider: null },
    ending: new TurnpikeError('provider_rate_limited', {
      metadata: { provider_name: 'Acme', provider_code: 'slow' },
    }),
    streamed: { typed: [] },
    whole: {},
  },
  {
    name: 'failure-in-mid-stream',
    ending: new TurnpikeError('provider_unavailable', { metadata: { provider_name: 'Acme' } }),
    streamed: {
      typed: [
        [start(0, 0, 'text'), said(0, 0, 'a'), start(1, 0, 'text'), said(1, 0, 'b')],
        [start(2, 0, 'text'), said(2, 0, 'c'), finished(1, 'stop')],
      ],
      native: [
        [chunk(0, { role: 'assistant', content: 'a' }), chunk(1, { role: 'assistant', content: 'b' })],
        [chunk(2, { role: 'assistant', content: 'c' }), chunk(1, {}, 'stop')],
      ],
    },
    whole: {},
  },
  {
    name: 'cut-off',
    ending: 'cut-off',
    streamed: {
      typed: [
        [start(1, 0, 'text'), said(1, 0, 'b'), start(0, 0, 'text'), said(0, 0, 'a')],
        [start(2, 0, 'text'), said(2, 0, 'c'), finished(2, 'stop')],
      ],
      native: [
        [chunk(1, { role: 'assistant', content: 'b' }), chunk(0, { role: 'assistant', content: 'a' })],
        [chunk(2, { role: 'assistant', content: 'c' }), chunk(2, {}, 'stop')],
      ],
    },
    whole: {},
  },
  {
    name: 'nothing',
    ending: 'finish',
    streamed: {
      typed: [[finished(0, 'stop', 'end_turn')]],
      native: [[chunk(0, { role: 'assistant', content: '' }), chunk(0, {}, 'stop')]],
    },
    whole: { typed: typed({ parts: [] }), native: native(message({ content: '' })) },
  },
];
