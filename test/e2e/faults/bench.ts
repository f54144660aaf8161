/** A gateway in front of two fake providers that misbehave on command, with the ledger open to look into. */
import type { Generation } from '../../../src/metering/generation.ts';
import { type FakeProvider, startFakeProvider } from '../../fake-provider/server.ts';
import { type ConfigText, type StartOptions, startGateway, type TestGateway } from '../../harness.ts';

export const UPSTREAM_KEY = 'upstream-secret';
/** Nano-USD a token: what a test needs to work out a charge by hand. */
export const PROMPT_NANO_USD = 1000;
export const COMPLETION_NANO_USD = 2000;
const PRICING = { prompt: '0.000001', completion: '0.000002' };

/** `test/single` has one provider, `test/pair` two of one price, `test/stubborn` one that works on when it is left. */
export function benchConfig(one: FakeProvider, two: FakeProvider, changes: ConfigText = {}): ConfigText {
  const endpoint = (provider: string) => ({ provider, model: 'fake-small', pricing: PRICING });
  const model = (id: string, ...providers: string[]) => ({
    id,
    context_length: 100_000,
    endpoints: providers.map(endpoint),
  });
  const provider = (slug: string, { baseUrl }: FakeProvider) => ({
    slug,
    base_url: baseUrl,
    api_key: UPSTREAM_KEY,
    stops_when_cancelled: slug !== 'stubborn',
  });
  return {
    ...changes,
    providers: [provider('one', one), provider('two', two), provider('stubborn', one)],
    models: [
      model('test/single', 'one'),
      model('test/pair', 'one', 'two'),
      model('test/stubborn', 'stubborn'),
    ],
  };
}

export interface Bench extends TestGateway {
  readonly one: FakeProvider;
  readonly two: FakeProvider;
  /** All generations, oldest first, once the journal is in the database. */
  generations(): Promise<Generation[]>;
}

export async function startBench(options: StartOptions = {}): Promise<Bench> {
  const one = startFakeProvider();
  const two = startFakeProvider();
  const gateway = await startGateway({ ...options, config: benchConfig(one, two, options.config) });
  const stop = async () => {
    await gateway.stop();
    one.stop();
    two.stop();
  };
  return {
    ...gateway,
    one,
    two,
    stop,
    [Symbol.asyncDispose]: stop,
    async generations() {
      // Whoever reads a key's usage waits until the journal is in the database.
      await getJson(gateway, '/key');
      const { db } = gateway.database;
      return await db.selectFrom('generations').selectAll().orderBy('created_at_ms').execute();
    },
  };
}

export interface Caller {
  readonly baseUrl: string;
  readonly apiKey: string;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into member by member.
export type Json = any;

export async function getJson(caller: Caller, path: string, key = caller.apiKey): Promise<Json> {
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(caller.baseUrl + path, { headers, keepalive: false });
  return await response.json();
}

export interface Ask {
  model?: string;
  /** Told to the fake provider in the first line of the prompt. */
  fake?: Record<string, unknown>;
  text?: string;
  stream?: boolean;
  key?: string;
  signal?: AbortSignal;
  body?: Record<string, unknown>;
}

export function chatBody(ask: Ask): string {
  const directive = ask.fake === undefined ? '' : `!fake ${JSON.stringify(ask.fake)}\n`;
  return JSON.stringify({
    model: ask.model ?? 'test/single',
    stream: ask.stream ?? false,
    messages: [{ role: 'user', content: `${directive}${ask.text ?? 'one two three'}` }],
    ...ask.body,
  });
}

export function chat(caller: Caller, ask: Ask = {}): Promise<Response> {
  return fetch(`${caller.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ask.key ?? caller.apiKey}`, 'content-type': 'application/json' },
    body: chatBody(ask),
    // A port is soon another gateway's: no connection to the last one may be used again.
    keepalive: false,
    ...(ask.signal === undefined ? {} : { signal: ask.signal }),
  });
}

/** The body's text, handed to `onText` as far as it is there with each part that comes. */
export async function readText(
  response: Response,
  onText: (textSoFar: string) => void = () => {},
): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    onText(text);
  }
  return text;
}

/** The events of an SSE text that are JSON. */
export function eventsOf(text: string): Json[] {
  return text
    .split('\n\n')
    .filter((frame) => frame.startsWith('data: {'))
    .map((frame) => JSON.parse(frame.slice('data: '.length)));
}

export function contentOf(events: Json[]): string {
  return events.map((event) => event.choices?.[0]?.delta?.content ?? '').join('');
}

/** Waits for what must come true soon; the message of a failure is the caller's own assertion afterwards. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  withinMs = 30_000,
): Promise<boolean> {
  const endsAt = performance.now() + withinMs;
  while (performance.now() < endsAt) {
    if (await condition()) return true;
    await Bun.sleep(10);
  }
  return await condition();
}
