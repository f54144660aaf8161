/** Long sessions of coding agents, whose prompts are nearly all in a cache as long as they stay where they were. */
import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test';
import { startGateway, type TestGateway } from '../../harness.ts';
import type { JsonObject } from './asking.ts';
import { PromptCaches } from './prompt-cache.ts';
import { type RoutedProviders, startRoutedProviders } from './providers.ts';

const TURNS = 50;
/** As long as what Claude Code sends before a conversation. */
const INSTRUCTIONS = 'You are an agent that writes code. '.repeat(1500);

let providers: RoutedProviders;
let gateway: TestGateway;

beforeAll(async () => {
  providers = startRoutedProviders();
  gateway = await startGateway({ config: providers.config });
});
afterEach(() => {
  providers.caches = null;
});
afterAll(async () => {
  await gateway?.stop();
  await providers?.stop();
});

interface Agent {
  readonly path: string;
  readonly headers?: Record<string, string>;
  /** One turn's body; `talk` is what was said so far, from the user's first words on. */
  readonly body: (talk: readonly JsonObject[]) => JsonObject;
}

const claudeCode = (more: JsonObject) => (talk: readonly JsonObject[]) => ({
  model: 'routed/one',
  max_tokens: 900,
  system: [{ type: 'text', text: INSTRUCTIONS, cache_control: { type: 'ephemeral' } }],
  messages: talk,
  ...more,
});
const chat = (more: JsonObject) => (talk: readonly JsonObject[]) => ({
  model: 'routed/one',
  messages: [{ role: 'system', content: INSTRUCTIONS }, ...talk],
  ...more,
});
const codex = (more: JsonObject) => (talk: readonly JsonObject[]) => ({
  model: 'routed/one',
  store: false,
  instructions: INSTRUCTIONS,
  input: talk.map(({ role, content }) => ({ type: 'message', role, content })),
  ...more,
});

async function session({ path, headers = {}, body }: Agent, caches: PromptCaches): Promise<void> {
  providers.caches = caches;
  const talk: JsonObject[] = [{ role: 'user', content: `Mend the test, please (${crypto.randomUUID()})` }];
  for (let turn = 0; turn < TURNS; turn += 1) {
    const answer = await fetch(`${gateway.baseUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.apiKey}`, ...headers },
      body: JSON.stringify(body(talk)),
    });
    expect(answer.status).toBe(200);
    await answer.json();
    talk.push(
      { role: 'assistant', content: `Done so far: ${turn}` },
      { role: 'user', content: `And ${turn}?` },
    );
  }
}

const AGENTS: readonly (readonly [string, Agent])[] = [
  ['session_id in the body', { path: '/chat/completions', body: chat({ session_id: 'one of ours' }) }],
  [
    'Claude Code’s header',
    { path: '/messages?beta=true', headers: { 'x-claude-code-session-id': 'c-1' }, body: claudeCode({}) },
  ],
  [
    'the session in Claude Code’s metadata',
    {
      path: '/messages?beta=true',
      body: claudeCode({ metadata: { user_id: JSON.stringify({ session_id: 'c-2', device_id: 'd' }) } }),
    },
  ],
  ['Codex’s header', { path: '/responses', headers: { 'session-id': 'x-1' }, body: codex({}) }],
  [
    'opencode’s header',
    { path: '/chat/completions', headers: { 'x-session-affinity': 'o-1' }, body: chat({}) },
  ],
];

for (const [name, agent] of AGENTS) {
  test(`fifty turns with ${name} stay at one endpoint`, async () => {
    const caches = new PromptCaches({ tellsWrites: false });
    await session(agent, caches);
    console.info(
      `cache hits, ${name}: ${(caches.hitRate * 100).toFixed(1)} % of ${caches.promptTokens} tokens`,
    );
    expect(new Set(caches.by).size).toBe(1);
    expect(caches.hitRate).toBeGreaterThan(0.97);
  });
}

const NAMELESS: readonly (readonly [string, Agent])[] = [
  ['prompt_cache_key', { path: '/responses', body: codex({ prompt_cache_key: 'thread-1' }) }],
  ['nothing but how it begins, by Messages', { path: '/messages', body: claudeCode({}) }],
  ['nothing but how it begins, by chat', { path: '/chat/completions', body: chat({}) }],
];

for (const [name, agent] of NAMELESS) {
  test(`fifty turns known by ${name} stay at one endpoint from the first that used a cache on`, async () => {
    const caches = new PromptCaches({ tellsWrites: true });
    await session(agent, caches);
    console.info(
      `cache hits, ${name}: ${(caches.hitRate * 100).toFixed(1)} % of ${caches.promptTokens} tokens`,
    );
    expect(new Set(caches.by).size).toBe(1);
    expect(caches.hitRate).toBeGreaterThan(0.97);
  });

  test(`the same where providers tell only what they had, known by ${name}`, async () => {
    const caches = new PromptCaches({ tellsWrites: false });
    await session(
      { ...agent, body: (talk) => ({ ...agent.body(talk), ...again(agent.body(talk)) }) },
      caches,
    );
    const { by } = caches;
    const firstHit = by.findIndex((provider, at) => by.indexOf(provider) < at);
    console.info(
      `cache hits, ${name}, hits alone told: ${(caches.hitRate * 100).toFixed(1)} %, at home from turn ${firstHit} on`,
    );
    // Five endpoints: at the latest the sixth turn meets a prompt that is known there.
    expect(firstHit).toBeLessThanOrEqual(5);
    expect(new Set(by.slice(firstHit)).size).toBe(1);
  });
}

/** Another thread than that of the test before. */
function again(body: JsonObject): JsonObject {
  return body['prompt_cache_key'] === undefined ? {} : { prompt_cache_key: 'thread-2' };
}

test('explain says by what a conversation is known, and where it is at home', async () => {
  const said = async (body: JsonObject, headers: Record<string, string> = {}): Promise<JsonObject> => {
    const answer = await fetch(`${gateway.baseUrl}/routing/explain`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.apiKey}`, ...headers },
      body: JSON.stringify(body),
    });
    return ((await answer.json()) as JsonObject)['data'];
  };
  const body = chat({})([{ role: 'user', content: 'hi' }]);
  const at = (tag: string) => [{ model: 'routed/one', tag }];
  const named = await said(body, { 'x-session-affinity': 'o-1' });
  expect(named.conversation).toMatchObject({ known_by: 'session', models: [] });
  const [home] = named.conversation.endpoints;
  expect(named.conversation.endpoints).toEqual(at(home.tag));
  expect(named.endpoints[0]).toMatchObject({ tag: home.tag, sticky: true, chance: 1 });
  expect((await said({ ...body, prompt_cache_key: 'new' })).conversation).toEqual({
    ...{ known_by: 'prompt_cache_key', endpoints: [], models: [] },
  });
  expect((await said(body)).conversation).toEqual({ known_by: 'beginning', endpoints: [], models: [] });
});
