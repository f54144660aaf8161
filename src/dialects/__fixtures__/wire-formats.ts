/** Answers as wire formats tell them: each from the bytes of its provider, or from itself where it is its own provider. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChatAnswer } from '../../chat/answer.ts';
import type { ChatEvent } from '../../chat/event.ts';
import type { ChatPrompt, DialectName } from '../../chat/prompt.ts';
import { type Answer, type CallOptions, callOf, FakeUpstream, played, playedAnthropic, promptOf, Told } from '../../providers/__fixtures__/upstream.ts';
import { google as googleAdapter } from '../../providers/google/adapter.ts';
import { Loopback, packageOf, recorded as recordedAnswer } from '../../providers/ai-sdk/__fixtures__/loopback.ts';
import { echo } from '../../providers/echo/adapter.ts';
import type { WireFormat } from '../../providers/wire-format.ts';

export interface TellingFormat {
  readonly format: WireFormat;
  /** Names of its answers. */
  readonly answers: readonly string[];
  /** Null: it is not recorded as one. */
  streamed(name: string, dialect: DialectName): Promise<readonly (readonly ChatEvent[])[] | null>;
  whole(name: string, dialect: DialectName): Promise<ChatAnswer | null>;
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
  const prompt = dialect === 'openai-chat' ? {} : { prompt: promptOf('hi') };
  const play = (answer: Answer, options: CallOptions) => played(answer, { ...prompt, ...options });
  return answered(readFileSync(join(RECORDINGS, name)), play, dialect, stream);
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
  const path = join(RECORDINGS, name);
  const sent = existsSync(path) ? readFileSync(path, 'utf8') : '';
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

const GOOGLE_RECORDINGS = join(import.meta.dir, '../../providers/google/__fixtures__');

const GOOGLE_RECORDED = [
  'text.sse',
  'text-whole.json',
  'reasoning.sse',
  'tools.sse',
  'tools-signed.json',
  'tools-without-arguments.sse',
  'content-filter-of-prompt.sse',
  'signature-alone.sse',
  'tool-use-usage.json',
];

function googled(name: string, dialect: DialectName, stream: boolean): Told {
  const body = readFileSync(join(GOOGLE_RECORDINGS, name));
  const third = Math.floor(body.length / 3);
  const upstream = new FakeUpstream();
  const told = new Told();
  const rest = { tools: [], toolChoice: null, parallelToolCalls: null, format: null, stop: [], parameters: {} };
  googleAdapter(upstream).chat(callOf({ prompt: { messages: [], ...rest }, dialect, stream }), told);
  upstream.play({ body, split: stream ? [third, third, body.length] : [body.length] });
  if (told.error !== null) throw told.error;
  return told;
}

/** Those of ours are others each time: here each has its place among them. */
function withoutOurCallIds<T>(value: T): T {
  const ids: string[] = [];
  const text = JSON.stringify(value).replace(/call_[0-9a-f]{32}/g, (id) => {
    if (!ids.includes(id)) ids.push(id);
    return `call_ours_${ids.indexOf(id)}`;
  });
  return JSON.parse(text);
}

const google: TellingFormat = {
  format: 'google',
  answers: GOOGLE_RECORDED,
  streamed: async (name, dialect) => withoutOurCallIds(googled(name, dialect, true).batches),
  async whole(name, dialect) {
    const { whole } = googled(name, dialect, false);
    if (whole === null) throw new Error(`${name} gave no whole answer`);
    return withoutOurCallIds(whole);
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

/** One of each package that is told something by its vendor which no other is. */
const THROUGH_PACKAGES = [
  'bedrock-tools.jsonl',
  'bedrock-reasoning.jsonl',
  'bedrock-reasoning.json',
  'cohere-tools.sse',
  'cohere-text.json',
  'mistral-tools.sse',
  'mistral-reasoning.sse',
  'azure-router.sse',
  'vertex-tools.sse',
];

/** A vendor answers in the form that it was recorded in; the other form is that of the caller. */
async function throughPackage(name: string, dialect: DialectName, stream: boolean): Promise<Told> {
  const loopback = await Loopback.open({ packageName: packageOf(name), reply: () => recordedAnswer(name) });
  try {
    const told = await loopback.tell({ dialect, stream, model: 'anthropic.model-x' });
    if (told.error !== null) throw told.error;
    return told;
  } finally {
    await loopback.close();
  }
}

const aiSdk: TellingFormat = {
  format: 'ai-sdk',
  answers: THROUGH_PACKAGES,
  streamed: async (name, dialect) =>
    name.endsWith('.json') ? null : withoutOwnIds((await throughPackage(name, dialect, true)).batches, name),
  whole: async (name, dialect) =>
    name.endsWith('.json') ? (await throughPackage(name, dialect, false)).whole : null,
};

export const WIRE_FORMATS: Readonly<Record<WireFormat, TellingFormat>> = {
  openai,
  anthropic,
  google,
  'ai-sdk': aiSdk,
  echo: echoing,
};
