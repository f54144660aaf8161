/**
 * The samples that people copy when they start with OpenRouter, for keys, key information, models and chat: each must work
 * with nothing changed but the address, the key and the model.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { OpenRouter } from '@openrouter/sdk';
import OpenAI from 'openai';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import {
  type Answer,
  curl,
  curlText,
  hasCurl,
  hasPython,
  python,
  requestText,
  run,
  sendBytes,
} from './send.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.stop());

/** What a sample may change. */
interface Place {
  readonly baseUrl: string;
  readonly key: string;
  readonly managementKey: string;
  /** A key to delete. */
  readonly hash: string;
  /** An authorization code to exchange. */
  readonly code: string;
}
const MODEL = 'acme/small';

async function place(): Promise<Place> {
  const { baseUrl, apiKey, managementKey } = gateway;
  const { hash } = await makeKey(gateway);
  return { baseUrl, key: apiKey, managementKey, hash, code: await authorizationCode() };
}

/** What a user's consent leads to, here without a challenge. */
async function authorizationCode(): Promise<string> {
  const response = await fetch(`${gateway.baseUrl}/auth/keys/code`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ callback_url: 'https://your-app.com/callback' }),
  });
  const { data } = (await response.json()) as { data: { id: string } };
  return data.id;
}

function expectChat({ status, json }: Answer, text: string): void {
  expect(status).toBe(200);
  expect(json).toMatchObject({ object: 'chat.completion', choices: [{ message: { content: text } }] });
}

const json = ['-H', 'Content-Type: application/json'];
const bearer = (key: string) => ['-H', `Authorization: Bearer ${key}`];
const hello = `{
    "model": "${MODEL}",
    "messages": [{"role": "user", "content": "Hello!"}]
  }`;
const KEY_FACTS = [
  'label',
  'limit',
  'limit_remaining',
  'usage',
  'usage_daily',
  'usage_weekly',
  'usage_monthly',
];

const curlSamples: {
  title: string;
  args: (place: Place) => string[];
  check: (answer: Answer) => void;
}[] = [
  {
    title: 'a chat',
    args: ({ baseUrl, key }) => [`${baseUrl}/chat/completions`, ...json, ...bearer(key), '-d', hello],
    check: (answer) => expectChat(answer, 'Hello!'),
  },
  {
    title: 'a chat with the headers that name an app',
    args: ({ baseUrl, key }) => [
      `${baseUrl}/chat/completions`,
      ...bearer(key),
      ...['-H', 'HTTP-Referer: https://myapp.com', '-H', 'X-Title: My Awesome App'],
      ...json,
      ...['-d', hello],
    ],
    check: (answer) => expectChat(answer, 'Hello!'),
  },
  {
    title: 'a chat with a system message, laid out over lines',
    args: ({ baseUrl, key }) => [
      `${baseUrl}/chat/completions`,
      ...json,
      ...bearer(key),
      '-d',
      `{
  "model": "${MODEL}",
  "messages": [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "Hello!"}
  ]
}`,
    ],
    check: (answer) => expectChat(answer, 'Hello!'),
  },
  {
    title: 'the models, with a key',
    args: ({ baseUrl, key }) => [`${baseUrl}/models`, ...bearer(key)],
    check: ({ status, json }) => {
      expect(status).toBe(200);
      expect((json['data'] as { id: string }[]).map((row) => row.id)).toContain(MODEL);
    },
  },
  ...['/key', '/auth/key'].map((path) => ({
    title: `what a key knows of itself, at ${path}`,
    args: ({ baseUrl, key }: Place) => [`${baseUrl}${path}`, ...bearer(key)],
    check: ({ status, json }: Answer) => {
      expect(status).toBe(200);
      expect(json['data']).toContainKeys([...KEY_FACTS, 'is_free_tier', 'rate_limit']);
    },
  })),
  {
    title: 'the list of keys',
    args: ({ baseUrl, managementKey }) => [`${baseUrl}/keys`, ...bearer(managementKey)],
    check: ({ status, json }) => {
      expect(status).toBe(200);
      expect(json['data']).toBeArray();
    },
  },
  {
    title: 'a new key, named by its label',
    args: ({ baseUrl, managementKey }) => [
      ...['-X', 'POST', `${baseUrl}/keys`],
      ...bearer(managementKey),
      ...json,
      ...['-d', '{\n    "label": "New Key",\n    "limit": 50.00\n  }'],
    ],
    check: ({ status, json }) => {
      expect(status).toBe(201);
      expect(json).toMatchObject({ data: { name: 'New Key', limit: 50, limit_remaining: 50 } });
      expect(json['key']).toStartWith('sk-or-v1-');
    },
  },
  {
    title: 'a deleted key',
    args: ({ baseUrl, managementKey, hash }) => [
      ...['-X', 'DELETE', `${baseUrl}/keys/${hash}`],
      ...bearer(managementKey),
    ],
    check: ({ status, json }) => {
      expect(status).toBe(200);
      expect(json).toEqual({ deleted: true });
    },
  },
];

describe('curl', () => {
  for (const { title, args, check } of curlSamples) {
    test(`${title}: its bytes are answered`, async () => {
      check(await sendBytes(gateway.url, curlText(args(await place()))));
    });
    if (!hasCurl) continue;
    test(`${title}: the command itself is answered`, async () => {
      check(await curl(args(await place())));
    });
  }

  test('a key survives a .env file and the shell line that reads it back', async () => {
    const shell = `printf 'OPENROUTER_API_KEY=%s\\n' "$KEY" | grep OPENROUTER_API_KEY | cut -d '=' -f2`;
    const { stdout } = await run(['sh', '-c', shell], { KEY: gateway.apiKey });
    expect(stdout.trim()).toBe(gateway.apiKey);
  });
});

const openAiPython = {
  'Accept-Encoding': 'gzip, deflate',
  Connection: 'keep-alive',
  accept: 'application/json',
  'content-type': 'application/json',
  'user-agent': 'OpenAI/Python 3.52.0',
  'x-stainless-lang': 'python',
  'x-stainless-package-version': '3.52.0',
  'x-stainless-os': 'Linux',
  'x-stainless-arch': 'x64',
  'x-stainless-runtime': 'CPython',
  'x-stainless-runtime-version': '3.11.7',
  'x-stainless-async': 'false',
  'x-stainless-retry-count': '0',
  'x-stainless-read-timeout': '600',
};
const requestsPython = {
  'User-Agent': 'python-requests/2.34.2',
  'Accept-Encoding': 'gzip, deflate',
  Accept: '*/*',
  Connection: 'keep-alive',
};
const appHeaders = { 'http-referer': 'https://your-app.com', 'x-title': 'Your App Name' };

/** The bytes are those that the named versions of the packages were seen to send. */
const pythonSamples: {
  title: string;
  code: string;
  prints: RegExp;
  text: (place: Place) => string;
  check: (answer: Answer) => void;
}[] = [
  {
    title: 'openai: a chat',
    code: `
client = OpenAI(base_url=BASE, api_key=KEY)
response = client.chat.completions.create(
    model="${MODEL}", messages=[{"role": "user", "content": "Hello!"}]
)
print(response.choices[0].message.content)`,
    prints: /^Hello!\n$/,
    text: ({ baseUrl, key }) =>
      requestText(
        'POST',
        `${baseUrl}/chat/completions`,
        { ...openAiPython, authorization: `Bearer ${key}` },
        `{"messages":[{"role":"user","content":"Hello!"}],"model":"${MODEL}"}`,
      ),
    check: (answer) => expectChat(answer, 'Hello!'),
  },
  {
    title: 'openai: the headers of an app by default, on a free model with max_tokens',
    code: `
client = OpenAI(
    base_url=BASE, api_key=KEY,
    default_headers={"HTTP-Referer": "https://your-app.com", "X-Title": "Your App Name"},
)
response = client.chat.completions.create(
    model="acme/free:free", messages=[{"role": "user", "content": "Say hello"}], max_tokens=50
)
print(response.choices[0].message.content)
print(f"Tokens: {response.usage.prompt_tokens} in / {response.usage.completion_tokens} out")`,
    prints: /^Say hello\nTokens: 6 in \/ 2 out\n$/,
    text: ({ baseUrl, key }) =>
      requestText(
        'POST',
        `${baseUrl}/chat/completions`,
        { ...openAiPython, ...appHeaders, authorization: `Bearer ${key}` },
        '{"messages":[{"role":"user","content":"Say hello"}],"model":"acme/free:free","max_tokens":50}',
      ),
    check: (answer) => {
      expectChat(answer, 'Say hello');
      expect(answer.json['usage']).toMatchObject({ prompt_tokens: 6, completion_tokens: 2, cost: 0 });
    },
  },
  {
    title: 'openai: the headers of an app for one call, with a system message',
    code: `
client = OpenAI(base_url=BASE, api_key=KEY)
response = client.chat.completions.create(
    extra_headers={"HTTP-Referer": "https://your-app.com", "X-Title": "Your App Name"},
    model="${MODEL}",
    messages=[
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "Hello!"},
    ],
)
print(response.choices[0].message.role, response.choices[0].message.content)`,
    prints: /^assistant Hello!\n$/,
    text: ({ baseUrl, key }) =>
      requestText(
        'POST',
        `${baseUrl}/chat/completions`,
        { ...openAiPython, ...appHeaders, authorization: `Bearer ${key}` },
        `{"model":"${MODEL}","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"Hello!"}]}`,
      ),
    check: (answer) => expectChat(answer, 'Hello!'),
  },
  {
    title: 'openrouter: a chat',
    code: `
client = OpenRouter(api_key=KEY, server_url=BASE)
result = client.chat.send(model="${MODEL}", messages=[{"role": "user", "content": "Hello!"}])
print(result.choices[0].message.content, result.usage.cost)`,
    prints: /^Hello! 0\.00010135\n$/,
    text: ({ baseUrl, key }) =>
      requestText(
        'POST',
        `${baseUrl}/chat/completions`,
        {
          'Accept-Encoding': 'gzip, deflate',
          Connection: 'keep-alive',
          Accept: 'application/json',
          'user-agent': 'speakeasy-sdk/python 1.3.84 2.914.0 1.0.0 openrouter',
          Authorization: `Bearer ${key}`,
          'content-type': 'application/json',
        },
        `{"messages":[{"content":"Hello!","role":"user"}],"model":"${MODEL}","stream":false}`,
      ),
    check: (answer) => expectChat(answer, 'Hello!'),
  },
  {
    title: 'requests: key and credit at a glance',
    code: `
data = requests.get(f"{BASE}/auth/key", headers={"Authorization": f"Bearer {KEY}"}).json()["data"]
print(f"Key: {data['label']}")
print(f"Credits used: \${data['usage']:.4f}")
print(f"Credit limit: \${data.get('limit', 'unlimited')}")
print(f"Free tier: {data['is_free_tier']}")
print(f"Rate limit: {data['rate_limit']['requests']} req / {data['rate_limit']['interval']}")`,
    prints:
      /^Key: sk-or-v1-.*\nCredits used: \$\d+\.\d{4}\nCredit limit: \$None\nFree tier: True\nRate limit: -1 req \/ 10s\n$/,
    text: ({ baseUrl, key }) =>
      requestText('GET', `${baseUrl}/auth/key`, { ...requestsPython, Authorization: `Bearer ${key}` }),
    check: ({ status, json }) => {
      expect(status).toBe(200);
      expect(json['data']).toMatchObject({
        is_free_tier: true,
        rate_limit: { requests: -1, interval: '10s' },
      });
    },
  },
  {
    title: 'requests: the models, with the key in its header',
    code: `
response = requests.get(f"{BASE}/models", headers={"Authorization": f"Bearer {KEY}"})
print("${MODEL}" in [row["id"] for row in response.json()["data"]])`,
    prints: /^True\n$/,
    text: ({ baseUrl, key }) =>
      requestText('GET', `${baseUrl}/models`, { ...requestsPython, Authorization: `Bearer ${key}` }),
    check: ({ status }) => expect(status).toBe(200),
  },
  {
    title: 'requests: a new key, read from the data of the answer',
    code: `
headers = {"Authorization": f"Bearer {MANAGEMENT_KEY}"}
made = requests.post(f"{BASE}/keys", headers=headers, json={"name": "my-app-prod-v2", "limit": 100.0})
new_key = made.json()["data"]["key"]
keys = requests.get(f"{BASE}/keys", headers=headers).json()
print(new_key[:9], "my-app-prod-v2" in [key["name"] for key in keys["data"]])`,
    prints: /^sk-or-v1- True\n$/,
    text: ({ baseUrl, managementKey }) =>
      requestText(
        'POST',
        `${baseUrl}/keys`,
        {
          ...requestsPython,
          Authorization: `Bearer ${managementKey}`,
          'Content-Type': 'application/json',
        },
        '{"name": "my-app-prod-v2", "limit": 100.0}',
      ),
    check: ({ status, json }) => {
      expect(status).toBe(201);
      expect((json['data'] as { key: string }).key).toStartWith('sk-or-v1-');
    },
  },
  {
    title: 'requests: an authorization code alone, exchanged for a key',
    code: `
def exchange_code(code: str) -> str:
    response = requests.post(
        f"{BASE}/auth/keys",
        json={"code": code}
    )
    return response.json()["key"]
print(exchange_code(CODE)[:9])`,
    prints: /^sk-or-v1-\n$/,
    text: ({ baseUrl, code }) =>
      requestText(
        'POST',
        `${baseUrl}/auth/keys`,
        { ...requestsPython, 'Content-Type': 'application/json' },
        `{"code": "${code}"}`,
      ),
    check: ({ status, json }) => {
      expect(status).toBe(200);
      expect(json['key']).toStartWith('sk-or-v1-');
    },
  },
];

const PRELUDE = `
import os, requests
from openai import OpenAI
from openrouter import OpenRouter
BASE, KEY, MANAGEMENT_KEY = os.environ["BASE"], os.environ["KEY"], os.environ["MANAGEMENT_KEY"]
CODE = os.environ["CODE"]`;
const BETWEEN = '\nprint("-----")\n';

describe('Python', () => {
  for (const { title, text, check } of pythonSamples) {
    test(`${title}: its bytes are answered`, async () => {
      check(await sendBytes(gateway.url, text(await place())));
    });
  }

  if (hasPython) {
    test('the scripts themselves print what they should', async () => {
      const { baseUrl, key, managementKey, code } = await place();
      const env = { BASE: baseUrl, KEY: key, MANAGEMENT_KEY: managementKey, CODE: code };
      const script = [PRELUDE, ...pythonSamples.map((sample) => sample.code)].join(BETWEEN);
      const [, ...printed] = (await python(script, env)).split('-----\n');
      expect(printed).toHaveLength(pythonSamples.length);
      for (const [at, { prints }] of pythonSamples.entries()) expect(printed[at]).toMatch(prints);
    }, 60_000);
  }
});

describe('TypeScript', () => {
  const messages = [{ role: 'user' as const, content: 'Hello!' }];

  test('openai: a chat, bare and with the headers of an app by default', async () => {
    for (const more of [
      {},
      { defaultHeaders: { 'HTTP-Referer': 'https://your-app.com', 'X-Title': 'Your App Name' } },
    ]) {
      const openai = new OpenAI({ baseURL: gateway.baseUrl, apiKey: gateway.apiKey, ...more });
      const completion = await openai.chat.completions.create({ model: MODEL, messages });
      expect(completion.choices[0]?.message.content).toBe('Hello!');
    }
  });

  test('@openrouter/sdk: a chat in the nested form, the only one that its current version sends', async () => {
    const openRouter = new OpenRouter({
      apiKey: gateway.apiKey,
      serverURL: gateway.baseUrl,
      httpReferer: 'https://your-app.com',
      appTitle: 'Your App Name',
    });
    const completion = await openRouter.chat.send({ chatRequest: { model: MODEL, messages, stream: false } });
    if (!('choices' in completion)) throw new Error('answered with a stream');
    expect(completion.choices[0]?.message.content).toBe('Hello!');
  });

  test('fetch: a chat, bare and with the headers of an app', async () => {
    for (const more of [{}, { 'HTTP-Referer': 'https://your-app.com', 'X-Title': 'Your App Name' }]) {
      const response = await fetch(`${gateway.baseUrl}/chat/completions`, {
        method: 'POST',
        headers: {
          Authorization: `Bearer ${gateway.apiKey}`,
          ...more,
          'Content-Type': 'application/json',
        },
        body: JSON.stringify({
          model: MODEL,
          messages: [{ role: 'user', content: 'What is the meaning of life?' }],
        }),
      });
      const { status, headers } = response;
      expectChat(
        { status, headers, json: (await response.json()) as Answer['json'] },
        'What is the meaning of life?',
      );
    }
  });
});
