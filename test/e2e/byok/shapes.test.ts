/** Own keys in the shapes in which people have pasted them, and what providers said of such keys; with the reports. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { ByokRig } from './rig.ts';

const OWN = 'sk-own-0123456789abcdef';
const SHARED = 'key-of-the-operator';
const ANSWER = {
  ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1741569952, model: 'up' },
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello!' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
};
const SERVICE_ACCOUNT = {
  ...{ type: 'service_account', project_id: 'my-project-1', private_key_id: 'abc', client_id: '1' },
  client_email: 'me@my-project-1.iam.gserviceaccount.com',
  private_key: '-----BEGIN PRIVATE KEY-----\nMIIcanary0123456789\n-----END PRIVATE KEY-----\n',
};

let shown: (string | undefined)[] = [];
/** What is said to the own key; else it is answered. */
let refusal: (() => Response) | null = null;
let server: ReturnType<typeof Bun.serve>;
let rig: ByokRig;

beforeAll(async () => {
  server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      const key = request.headers.get('authorization')?.replace('Bearer ', '');
      await request.text();
      shown.push(key);
      return refusal !== null && key === OWN ? refusal() : Response.json(ANSWER);
    },
  });
  const place = { base_url: `http://127.0.0.1:${server.port}/v1`, api_key: SHARED };
  const pricing = { prompt: '0.000001', completion: '0.000002' };
  const model = (provider: string) => ({
    ...{ id: `${provider}/x`, context_length: 1000, max_completion_tokens: 100 },
    endpoints: [{ provider, model: 'up', pricing }],
  });
  rig = await ByokRig.start({
    config: {
      providers: [
        { slug: 'plain', name: 'Plain', ...place },
        { slug: 'google-vertex', name: 'Vertex', ...place },
        { slug: 'amazon-bedrock', name: 'Bedrock', ...place },
      ],
      models: [model('plain'), model('google-vertex'), model('amazon-bedrock')],
    },
  });
});
afterAll(async () => {
  await rig?.[Symbol.asyncDispose]();
  await server?.stop(true);
});
afterEach(async () => {
  refusal = null;
  for (const { id } of (await rig.call('GET', '/byok')).json.data) await rig.call('DELETE', `/byok/${id}`);
  shown = [];
  rig.gateway.anHourLater();
});

describe('where providers speak OpenAI’s dialect', () => {
  test('an API key of Bedrock is one, and what only signs requests leaves them to the operator’s', async () => {
    const id = await rig.bring('amazon-bedrock', 'ABSKQmVkcm9ja0FQSUtleS0xMjM0NTY3ODkw');
    expect((await rig.ask({ model: 'amazon-bedrock/x' })).json.usage.is_byok).toBe(true);
    const iam = {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      region: 'us-east-1',
    };
    await rig.call('PATCH', `/byok/${id}`, { key: JSON.stringify(iam) });
    expect((await rig.ask({ model: 'amazon-bedrock/x' })).json.usage.is_byok).toBe(false);
    expect(shown).toEqual(['ABSKQmVkcm9ja0FQSUtleS0xMjM0NTY3ODkw', SHARED]);
  });

  test('so does a service account, and alone it is a refusal and no defect', async () => {
    const id = await rig.bring('google-vertex', JSON.stringify(SERVICE_ACCOUNT));
    const answer = await rig.ask({ model: 'google-vertex/x' });
    expect([answer.status, answer.json.usage.is_byok]).toEqual([200, false]);
    await rig.call('PATCH', `/byok/${id}`, { is_required: true });
    const alone = await rig.ask({ model: 'google-vertex/x' });
    expect([alone.status, alone.json.error.metadata.error_code]).toEqual([502, 'provider_unavailable']);
    const counted = await rig.call(
      'POST',
      '/messages/count_tokens',
      { model: 'google-vertex/x', messages: [{ role: 'user', content: 'Hi' }] },
      rig.gateway.apiKey,
    );
    expect(counted.status).toBe(200);
    expect(shown).toEqual([SHARED]);
  });
});

describe('a key as it was pasted', () => {
  test('loses the line end behind it, and keeps nobody’s quotation marks', async () => {
    await rig.bring('plain', ` ${OWN}\r\n`);
    await rig.ask({ model: 'plain/x' });
    expect(shown).toEqual([OWN]);
    // topoteretes/cognee#1721.
    for (const key of [`"${OWN}"`, `'${OWN}'`]) {
      const { status, text } = await rig.call('POST', '/byok', { provider: 'plain', key });
      expect([status, text.includes('quotation marks'), text.includes(OWN)]).toEqual([400, true, false]);
    }
  });

  test('may be a file whose line ends a shell has written out', async () => {
    // beste/laravel-firebase#68.
    const key = JSON.stringify(SERVICE_ACCOUNT).replaceAll('\\n', '\n');
    const { status, json } = await rig.call('POST', '/byok', { provider: 'google-vertex', key });
    expect([status, json.data.label]).toEqual([201, SERVICE_ACCOUNT.client_email]);
  });

  test('belongs to a provider in whatever case', async () => {
    const { status, json } = await rig.call('POST', '/byok', { provider: 'Plain', key: OWN });
    expect([status, json.data.provider]).toEqual([201, 'plain']);
  });
});

describe('an own key that its provider refuses', () => {
  const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
    Response.json(body, { status, headers });

  // kortix-ai/suna#3707, decolua/9router#2429.
  test.each<[string, () => Response]>([
    [
      'is revoked',
      () => json(401, { error: { message: 'Incorrect API key provided', code: 'invalid_api_key' } }),
    ],
    [
      'has expired',
      () =>
        json(400, {
          error: {
            code: 400,
            message: 'API key expired. Please renew the API key.',
            status: 'INVALID_ARGUMENT',
          },
        }),
    ],
    [
      'has no balance',
      () => json(402, { error: { message: 'Insufficient Balance', code: 'invalid_request_error' } }),
    ],
    [
      'has used its quota',
      () => json(429, { error: { message: 'You exceeded your current quota', code: 'insufficient_quota' } }),
    ],
    [
      'may not use the model',
      () => json(403, { error: { message: 'No access to model up', type: 'permission_error' } }),
    ],
    [
      'is of an account without the model',
      () =>
        json(404, {
          error: {
            message: 'The model `up` does not exist or you do not have access to it.',
            code: 'model_not_found',
          },
        }),
    ],
    ['has too many requests', () => json(429, { error: { message: 'Slow down' } }, { 'retry-after': '30' })],
    ['is of a resource that is down', () => json(503, { error: { message: 'Unavailable' } })],
  ])(
    'because it %s leaves the request to the operator’s, and nothing of that is the endpoint’s',
    async (_, answer) => {
      await rig.bring('plain', OWN);
      refusal = answer;
      const { status, json: body } = await rig.ask({ model: 'plain/x' });
      expect([status, body.usage.is_byok, shown]).toEqual([200, false, [OWN, SHARED]]);
      const explained = await rig.call(
        'POST',
        '/routing/explain',
        { model: 'plain/x', messages: [{ role: 'user', content: 'Hi' }] },
        rig.gateway.apiKey,
      );
      expect(explained.json.data.endpoints.at(-1).standing).toBe('well');
    },
  );

  test('of a kind that is always used tells its owner when to come back', async () => {
    await rig.bring('plain', OWN, { is_required: true });
    refusal = () => json(429, { error: { message: 'Please retry after 26 seconds.' } });
    const first = await rig.ask({ model: 'plain/x' });
    expect([first.status, first.headers.get('retry-after')]).toEqual([429, '26']);
    // It sits out: nobody is asked, and nothing of the operator's is spent.
    const second = await rig.ask({ model: 'plain/x' });
    expect([second.status, shown]).toEqual([429, [OWN]]);
  });
});
