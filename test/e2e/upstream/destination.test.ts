/** Where a request goes, and as whom, is the operator's to say; and what a provider says beside its answer is not for callers. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { PROVIDER_KEY, startGateway, type TestGateway } from '../../harness.ts';

/** Where a caller would like to see the request, with the provider's key in it: nobody may ever come here. */
const visits: string[] = [];
const elsewhere = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request) {
    visits.push(`${request.method} ${request.url}`);
    return Response.json({});
  },
});
const ELSEWHERE = `http://127.0.0.1:${elsewhere.port}`;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
beforeEach(() => gateway.provider.clearRequests());
afterAll(async () => {
  await gateway.stop();
  await elsewhere.stop(true);
});

function chat(body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'acme/small', messages: [{ role: 'user', content: 'Hello' }], ...body }),
  });
}

/** As libraries and other gateways call what says where a request goes. */
const MEMBERS = [
  ...['api_base', 'base_url', 'baseURL', 'endpoint', 'host', 'proxy', 'url', 'custom_host', 'azure_endpoint'],
  ...['api_key', 'organization', 'deployment', 'litellm_params', 'extra_body'],
];
const HEADERS = [
  ...['x-portkey-custom-host', 'x-litellm-api-base', 'x-bf-azure-endpoint', 'x-forwarded-host', 'x-upstream'],
  ...['x-original-url', 'x-rewrite-url', 'forwarded', 'openai-organization', 'x-api-key', 'api-key'],
  ...['x-goog-api-key', 'proxy-authorization', 'helicone-target-url', 'cf-aig-authorization'],
];

test('nothing that a caller sends decides where its request goes, or as whom', async () => {
  for (const name of MEMBERS) {
    for (const value of [`${ELSEWHERE}/v1`, { url: ELSEWHERE, api_base: ELSEWHERE, api_key: 'mine' }]) {
      const answer = await chat({ [name]: value });
      expect([name, answer.status, await answer.text()]).toEqual([name, 200, expect.any(String)]);
      await (await chat({ provider: { only: ['acme'], [name]: value } })).text();
    }
  }
  for (const name of HEADERS) expect((await chat({}, { [name]: ELSEWHERE })).status).toBe(200);
  const headers = { authorization: 'Bearer mine', host: new URL(ELSEWHERE).host, cookie: 'a=b' };
  expect((await chat({ headers, extra_headers: headers, default_headers: headers })).status).toBe(200);

  expect(visits).toEqual([]);
  const seen = gateway.provider.requests;
  expect(seen.length).toBeGreaterThan(2 * MEMBERS.length + HEADERS.length);
  for (const { authorization, path, headerNames } of seen) {
    expect([authorization, path]).toEqual([`Bearer ${PROVIDER_KEY}`, '/v1/chat/completions']);
    expect(headerNames.filter((name) => HEADERS.includes(name.toLowerCase()))).toEqual([]);
  }
});

test('an address in a message is sent on as it is, and fetched by nobody here', async () => {
  const content = [
    { type: 'text', text: `Read ${ELSEWHERE}/page` },
    { type: 'image_url', image_url: { url: `${ELSEWHERE}/picture.png` } },
    { type: 'file', file: { filename: 'a.pdf', file_data: `${ELSEWHERE}/file.pdf` } },
  ];
  const answer = await chat({ messages: [{ role: 'user', content }] });
  expect(answer.status).toBe(200);
  await answer.text();
  expect(JSON.stringify(gateway.provider.requests)).toContain(`${ELSEWHERE}/picture.png`);
  expect(visits).toEqual([]);
});

test('of what a provider says in headers no caller sees anything', async () => {
  const said = {
    'set-cookie': 'turnpike.session_token=theirs; Path=/',
    'access-control-allow-origin': 'https://page.example',
    'access-control-allow-credentials': 'true',
    location: 'https://page.example',
    'x-request-id': 'theirs',
    'x-generation-id': 'theirs',
    'openai-organization': 'the-operator',
    'strict-transport-security': 'max-age=0',
    'www-authenticate': 'Basic realm="theirs"',
    'x-ratelimit-remaining-tokens': '7',
    server: 'theirs',
    link: '<https://page.example>; rel=preload',
  };
  for (const status of [200, 400, 401, 429, 500]) {
    for (const stream of [false, true]) {
      gateway.provider.script({ behaviour: status === 200 ? { headers: said } : { status, headers: said } });
      const answer = await chat({ stream });
      await answer.text();
      for (const [name, value] of Object.entries(said))
        expect([status, name, answer.headers.get(name)]).not.toEqual([status, name, value]);
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
  }
});
