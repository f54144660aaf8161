/** Answers as wire formats tell them: each from the bytes of its provider, or from itself where it is its own provider. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChatAnswer } from '../../chat/answer.ts';
import type { ChatEvent } from '../../chat/event.ts';
import type { ChatPrompt, DialectName } from '../../chat/prompt.ts';
import { type Answer, type CallOptions, callOf, played, playedAnthropic, Told } from '../../providers/__fixtures__/upstream.ts';
import { echo } from '../../providers/echo/adapter.ts';
import type { WireFormat } from '../../providers/wire-format.ts';

export interface TellingFormat {
  readonly format: WireFormat;
  /** Names of its answers. */
  readonly answers: readonly string[];
  streamed(name: string, dialect: DialectName): Promise<readonly (readonly ChatEvent[])[]>;
  whole(name: string, dialect: DialectName): Promise<ChatAnswer>;
}

export const RECORDINGS = join(import.meta.dir, '../../providers/openai-compatible/__fixtures__');

/** One of each kind that vendors differ in. */
const RECORDED = [
  'openai-text.sse',
  'azure-router.sse',
  'mistral-reasoning.sse',
  'mistral-tools.sse',
  'groq-tools.sse',
  'groq-reasoning.json',
  'xai-tools.sse',
  'alibaba-tools.sse',
  'anthropic-tools.sse',
  'openrouter-text.sse',
  'perplexity-citations.sse',
  'google-tools.json',
  'moonshot-text.sse',
  'cerebras-tools.json',
  'deepseek-tools.json',
  'ollama-tools.sse',
  'llamacpp-reasoning.sse',
  'vllm-text.sse',
  'together-text.sse',
  'novita-text.sse',
];

function recorded(name: string, dialect: DialectName, stream: boolean): Told {
  return answered(readFileSync(join(RECORDINGS, name)), played, dialect, stream);
}

function answered(
  body: Buffer,
  play: (answer: Answer, options: CallOptions) => Told,
  dialect: DialectName,
  stream: boolean,
): Told {
  const third = Math.floor(body.length / 3);
  const split = stream ? [third, third, body.length] : [body.length];
  const told = play({ body, split }, { dialect, stream });
  if (told.error !== null) throw told.error;
  return told;
}

/** What is ours alone is another one each time. */
function withoutOwnIds<T>(value: T, name: string): T {
  const sent = readFileSync(join(RECORDINGS, name), 'utf8');
  const text = JSON.stringify(value).replace(/call_[\w-]{16,}/g, (id) => (sent.includes(id) ? id : 'call_ours'));
  return JSON.parse(text);
}

const openai: TellingFormat = {
  format: 'openai',
  answers: RECORDED,
  streamed: async (name, dialect) => withoutOwnIds(recorded(name, dialect, true).batches, name),
  async whole(name, dialect) {
    const { whole } = recorded(name, dialect, false);
    if (whole === null) throw new Error(`${name} gave no whole answer`);
    return withoutOwnIds(whole, name);
  },
};

const ANTHROPIC = join(import.meta.dir, '../../providers/anthropic/__fixtures__');

function toldByAnthropic(name: string, dialect: DialectName, stream: boolean): Told {
  return answered(readFileSync(join(ANTHROPIC, name)), playedAnthropic, dialect, stream);
}

const anthropic: TellingFormat = {
  format: 'anthropic',
  answers: [
    'text.sse',
    'thinking.sse',
    'redacted.sse',
    'tools.sse',
    'tool-without-arguments.sse',
    'parallel-tools.json',
    'refusal.sse',
    'cache-writes.sse',
    'compaction.sse',
  ],
  streamed: async (name, dialect) => toldByAnthropic(name, dialect, true).batches,
  async whole(name, dialect) {
    const { whole } = toldByAnthropic(name, dialect, false);
    if (whole === null) throw new Error(`${name} gave no whole answer`);
    return whole;
  },
};

const SAID: Readonly<Record<string, string>> = { words: 'Say it again, Grüße "all" 🌍', nothing: '' };

async function echoed(name: string, dialect: DialectName, stream: boolean): Promise<Told> {
  const messages = [
    { role: 'user' as const, name: null, parts: [{ type: 'text' as const, text: SAID[name] ?? '' }] },
  ];
  const rest = { tools: [], toolChoice: null, parallelToolCalls: null, format: null, stop: [], parameters: {} };
  const prompt: ChatPrompt = { messages, ...rest };
  const told = new Told();
  echo.chat(callOf({ prompt, dialect, stream }), told);
  while (told.ended === 0 && told.whole === null && told.error === null) await Promise.resolve();
  return told;
}

const echoing: TellingFormat = {
  format: 'echo',
  answers: Object.keys(SAID),
  streamed: async (name, dialect) => (await echoed(name, dialect, true)).batches,
  async whole(name, dialect) {
    const { whole } = await echoed(name, dialect, false);
    if (whole === null) throw new Error(`${name} gave no whole answer`);
    return whole;
  },
};

export const WIRE_FORMATS: Readonly<Record<WireFormat, TellingFormat>> = {
  openai,
  anthropic,
  echo: echoing,
};
