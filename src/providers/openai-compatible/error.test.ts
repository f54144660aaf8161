import { describe, expect, test } from 'bun:test';
import { chunk, errorOf, played, RESET, STOP, sse } from '../__fixtures__/upstream.ts';

const HI = chunk({ content: 'hi' });

describe('trouble with the account at the provider', () => {
  const masked =
    'Incorrect API key provided: sk-other****9876. You can find your API key at https://platform.openai.com/account/api-keys.';

  test.each([401, 402, 403])('%i: the caller reads our own words, the operator the reason', (status) => {
    const error = errorOf({
      status,
      body: JSON.stringify({ error: { message: masked, code: 'invalid_api_key' } }),
    });
    expect(error).toMatchObject({
      fault: 'account',
      status,
      message: 'The provider does not serve this gateway at the moment',
      providerCode: null,
      raw: null,
    });
    expect(error.detail).toContain('Incorrect API key provided');
    expect(error.detail).toContain('invalid_api_key');
  });

  test('of what was asked the operator reads nothing, quoted or sent along', () => {
    const prompt = `tell me ${'more '.repeat(100)}`;
    for (const message of [
      `Flagged: "tell me"`,
      `Flagged: "${prompt}"`,
      `Flagged: 'tell me\nmore'`,
      `Flagged:`,
    ]) {
      const error = { code: 403, message, metadata: { reasons: ['violence'], flagged_input: prompt } };
      const { detail } = errorOf({ status: 403, body: JSON.stringify({ error }) });
      expect(detail).toContain('Flagged');
      expect(detail).not.toContain('tell me');
    }
    expect(errorOf({ status: 403, body: `<p>Blocked: ${prompt}</p>` }).detail).not.toContain('tell me');
  });

  test.each([
    [
      'Google',
      '[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]',
    ],
    [
      'Google, expired',
      '[{"error":{"code":400,"message":"API key expired. Please renew the API key.","status":"INVALID_ARGUMENT"}}]',
    ],
    [
      'Anthropic',
      '{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."}}',
    ],
    [
      'OpenAI',
      '{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","code":"insufficient_quota"}}',
    ],
    [
      'OpenAI, billing',
      '{"error":{"message":"Billing hard limit has been reached","type":"invalid_request_error","code":"billing_hard_limit_reached"}}',
    ],
    [
      'xAI',
      '{"code":"Client specified an invalid argument","error":"Incorrect API key provided: ab***cd. You can obtain an API key from https://console.x.ai."}',
    ],
    [
      'Alibaba',
      '{"error":{"message":"Access denied, please make sure your account is in good standing.","type":"Arrearage","code":"Arrearage"}}',
    ],
    [
      'DeepSeek',
      '{"error":{"message":"Insufficient Balance","type":"unknown_error","code":"invalid_request_error"}}',
    ],
    [
      'Groq',
      '{"error":{"message":"Organization has been restricted. Please reach out to support if you believe this was in error.","type":"invalid_request_error","code":"organization_restricted"}}',
    ],
    [
      'Groq, in words alone',
      '{"error":{"message":"Organization has been restricted. Please reach out to support if you believe this was in error."}}',
    ],
    [
      'Cloudflare',
      '{"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"messages":[],"result":null}',
    ],
    [
      'Fireworks',
      '{"error":{"message":"Account acme is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices.","type":"error"}}',
    ],
  ])('a 400 of %s about the key or the balance is one of these', (_name, body) => {
    expect(errorOf({ status: 400, body })).toMatchObject({
      fault: 'account',
      message: 'The provider does not serve this gateway at the moment',
      raw: null,
    });
  });

  test('a precondition that the account fails is one of these, and another is the provider’s', () => {
    const of = (message: string) => errorOf({ status: 412, body: JSON.stringify({ error: { message } }) });
    expect(
      of('Account acme is suspended, possibly due to reaching the monthly spending limit'),
    ).toMatchObject({
      fault: 'account',
      status: 412,
      raw: null,
      message: 'The provider does not serve this gateway at the moment',
    });
    expect(of('Account acme is suspended').detail).toContain('Account acme is suspended');
    expect(of('The deployment is not ready').fault).toBe('provider');
  });

  test('a status about it needs no words', () => {
    for (const status of [401, 402, 403]) {
      for (const body of [
        '{"error":{"message":"no"}}',
        '',
        'no',
        '{"error":{"type":"invalid_request_error"}}',
      ]) {
        expect(errorOf({ status, body })).toMatchObject({ fault: 'account', status });
      }
    }
    expect(errorOf({ status: 404, body: '{}' }).fault).toBe('provider');
  });

  test('a 429 is one where the words say that nothing is left to spend, and else a rate', () => {
    const quota =
      '{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}';
    expect(errorOf({ status: 429, body: quota }).fault).toBe('account');
    const moonshot =
      '{"error":{"message":"Your account is suspended, please check your plan and billing details","type":"exceeded_current_quota_error"}}';
    expect(errorOf({ status: 429, body: moonshot }).fault).toBe('account');
    const google =
      '{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED"}}';
    expect(errorOf({ status: 429, body: google })).toMatchObject({
      fault: 'rate',
      message: 'Provider rate limit exceeded',
      providerCode: 'RESOURCE_EXHAUSTED',
    });
  });

  test.each([
    "Invalid schema for function 'billing_lookup': missing type",
    "Invalid schema for function 'get_api_key': missing type",
    "Invalid schema for function 'get-api-key': In context=(), 'unauthorized' is not of type object",
    'Invalid schema for function "api key": not found is no type',
    'messages.0.content: `your account is suspended` is not a list',
    'Unknown parameter: “api_key”',
    'The image could not be fetched: authentication failed',
    "Invalid value: 'insufficient_quota'. Supported values are: 'auto', 'none'.",
  ])('a mistake of the caller that only quotes such words is the caller’s: %s', (message) => {
    const body = JSON.stringify({ error: { message, type: 'invalid_request_error' } });
    const error = errorOf({ status: 400, body });
    expect(error.fault).toBe('caller');
    expect(error.message).toStartWith(message.slice(0, 16));
  });

  test('a sentence about the key stands outside of quotes, whatever it quotes and however it is shortened', () => {
    for (const message of [
      "You didn't provide an API key. You need to provide your key, it's missing an API key",
      "The API key 'abc' is invalid",
      "Account 'acme' is suspended",
    ]) {
      expect(errorOf({ status: 400, body: JSON.stringify({ error: { message } }) }).fault).toBe('account');
    }
  });
});

describe('a mistake of the caller', () => {
  test.each([
    [
      'OpenAI',
      400,
      '{"error":{"message":"Invalid tool schema","type":"invalid_request_error","param":null,"code":"bad_schema"}}',
      'Invalid tool schema',
      'bad_schema',
    ],
    [
      'vLLM',
      400,
      '{"object":"error","message":"Invalid tool schema","type":"BadRequestError","param":null,"code":400}',
      'Invalid tool schema',
      'BadRequestError',
    ],
    [
      'Cerebras',
      400,
      '{"message":"Invalid tool schema","type":"invalid_request_error","param":"x","code":"wrong_api_format"}',
      'Invalid tool schema',
      'wrong_api_format',
    ],
    [
      'FastAPI',
      422,
      '{"detail":[{"type":"missing","loc":["body","messages"],"msg":"field required"},{"msg":"and another"}]}',
      'messages: field required; and another',
      'missing',
    ],
    ['FastAPI, a sentence', 422, '{"detail":"Invalid tool schema"}', 'Invalid tool schema', null],
    [
      'Mistral',
      422,
      '{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted","input":true}]},"type":"invalid_request_error","param":null,"code":null}',
      'stream_options: Extra inputs are not permitted',
      'invalid_request_error',
    ],
    [
      'Mistral, in a text',
      422,
      '{"object":"error","message":"{\\"detail\\":[{\\"loc\\":[\\"body\\",\\"n\\"],\\"msg\\":\\"Extra inputs are not permitted\\"}]}","type":"internal_error_proxy","param":null,"code":"1000"}',
      'n: Extra inputs are not permitted',
      '1000',
    ],
    [
      'Google',
      400,
      '[{"error":{"code":400,"message":"Invalid tool schema","status":"INVALID_ARGUMENT"}}]',
      'Invalid tool schema',
      'INVALID_ARGUMENT',
    ],
    ['only a message', 400, '{"message":"Invalid tool schema"}', 'Invalid tool schema', null],
    ['a text', 400, '"Invalid tool schema"', 'Invalid tool schema', null],
    ['an error as a text', 400, '{"error":"Invalid tool schema"}', 'Invalid tool schema', null],
    [
      'a router',
      400,
      '{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\\"error\\":{\\"message\\":\\"Invalid tool schema\\"}}","provider_name":"X"}}}',
      'Invalid tool schema',
      null,
    ],
    [
      'Apigee',
      400,
      '{"fault":{"faultstring":"Invalid tool schema","detail":{"errorcode":"steps.x"}}}',
      'Invalid tool schema',
      'steps.x',
    ],
    [
      'Zhipu',
      400,
      '{"error":{"code":"1210","message":"Invalid tool schema"}}',
      'Invalid tool schema',
      '1210',
    ],
  ])('%s: its sentence and its word are passed on', (_name, status, body, message, code) => {
    expect(errorOf({ status, body })).toMatchObject({ fault: 'caller', status, message, providerCode: code });
    expect(errorOf({ status, body }).raw).toContain(message.split(': ').at(-1)?.split(';')[0] ?? '');
  });

  test.each([
    'id:1\nevent:error\n:HTTP_STATUS/400\ndata:{"code":"InvalidParameter","message":"Bad tool"}\n\n',
    ': hello\n\ndata: {"error":{"message":"Bad tool","code":400}}\n\n',
    'error: {"code":400,"message":"Bad tool","type":"invalid_request_error"}\n\n',
    'retry: 10\r\ndata: {"message":\r\ndata: "Bad tool"}',
  ])('an error answer in the shape of a stream keeps its reason: %j', (body) => {
    expect(errorOf({ status: 400, body })).toMatchObject({ fault: 'caller', message: 'Bad tool' });
  });

  test('an error that comes as a stream is read as one', () => {
    for (const body of [
      'data: {"error":{"message":"Invalid tool schema"}}\n\ndata: [DONE]\n\n',
      'event: error\ndata: {"error":{"message":"Invalid tool schema"}}\n\n',
    ]) {
      expect(errorOf({ status: 400, body })).toMatchObject({
        fault: 'caller',
        message: 'Invalid tool schema',
      });
    }
    expect(errorOf({ status: 400, body: 'data: oh\n\n' }).message).toBe('Provider rejected the request');
  });

  test('a body that is not JSON is not shown', () => {
    const error = errorOf({ status: 400, body: '<html>nginx secrets</html>' });
    expect(error).toMatchObject({ fault: 'caller', message: 'Provider rejected the request', raw: null });
    expect(error.detail).toContain('nginx');
  });

  test('a sentence without end is cut', () => {
    const body = JSON.stringify({ error: { message: 'a b '.repeat(10_000) } });
    const error = errorOf({ status: 400, body });
    expect(error.message.length).toBeLessThan(600);
    expect(error.raw?.length).toBeLessThan(2100);
    expect(error.detail?.length).toBeLessThan(2100);
  });
});

describe('the provider itself', () => {
  test.each([404, 405, 408, 409, 500, 501, 502, 503, 504, 520, 524, 529])(
    '%i: our own words and its code, no text of it',
    (status) => {
      const body = '{"error":{"message":"stack trace of /srv/app","code":"kaput"}}';
      const error = errorOf({ status, body });
      expect(error).toMatchObject({
        fault: 'provider',
        status,
        message: 'Provider returned error',
        providerCode: 'kaput',
        raw: null,
        hasAnswered: true,
      });
      expect(error.detail).toContain('stack trace');
    },
  );

  test('a redirect is not followed, and is the provider’s fault', () => {
    expect(errorOf({ status: 302, body: '' })).toMatchObject({ failure: 'garbage', fault: 'provider' });
  });

  test('a status whose body breaks off, never ends or is huge is told by what came', () => {
    const body = '{"error":{"message":"no","code":"kaput"}}';
    for (const answer of [
      { status: 503, body, failure: RESET },
      { status: 503, body: `${body}${' '.repeat(70_000)}`, failure: null },
    ]) {
      const told = played(answer);
      expect(told.error).toMatchObject({ status: 503, providerCode: 'kaput' });
    }
    expect(played({ status: 503, body: 'x'.repeat(70_000), failure: null }).upstream.cancelled).toBe(1);
  });

  test('a code is a word: sentences and numbers of a status are none', () => {
    for (const code of ['two words', '<b>', 'x'.repeat(65), 503]) {
      expect(errorOf({ status: 503, body: JSON.stringify({ error: { code } }) }).providerCode).toBeNull();
    }
  });

  test('connections that fail say how', () => {
    const failures = [
      ['unreachable', 'unreachable', 'could not be reached'],
      ['closed', 'unreachable', 'closed the connection'],
      ['timeout', 'timeout', 'did not answer in time'],
      ['malformed', 'garbage', 'did not answer in HTTP'],
      ['too-large', 'garbage', 'too large'],
    ] as const;
    for (const [kind, failure, message] of failures) {
      const told = played({
        body: '',
        failure: { kind, hasAnswered: true, neverSent: false, timeout: null, cause: null },
      });
      expect(told.error).toMatchObject({ failure, fault: 'provider', hasAnswered: true, neverSent: false });
      expect(told.error?.message).toContain(message);
    }
  });
});

describe('when a repeat can help', () => {
  test.each([
    [{ 'retry-after': '7' }, 7],
    [{ 'retry-after': '1.2' }, 2],
    [{ 'retry-after': '0' }, 1],
    [{ 'retry-after-ms': '1500' }, 2],
    [{ 'retry-after': '999999999' }, 86_400],
    [{ 'retry-after': new Date(Date.now() - 5000).toUTCString() }, 1],
    [{ 'retry-after': 'soon' }, null],
    [{ 'retry-after': '-3' }, null],
    [{}, null],
  ] as [Record<string, string>, number | null][])('%o', (headers, seconds) => {
    expect(errorOf({ status: 429, body: '{}', headers }).retryAfterSeconds).toBe(seconds);
  });

  test('a date is counted from now', () => {
    const headers = { 'retry-after': new Date(Date.now() + 60_000).toUTCString() };
    const seconds = errorOf({ status: 503, body: '', headers }).retryAfterSeconds ?? 0;
    expect(seconds).toBeGreaterThanOrEqual(58);
    expect(seconds).toBeLessThanOrEqual(61);
  });
});

describe('an error under a 200', () => {
  const shapes: [string, unknown, number, string][] = [
    ['an object', { error: { message: 'no', code: 503 } }, 503, 'provider'],
    ['a text', { error: 'engine died' }, 502, 'provider'],
    ['a list', { error: [{ message: 'no' }] }, 502, 'provider'],
    ['an error object', { object: 'error', message: 'engine died', code: 500 }, 500, 'provider'],
    ['a sentence', { detail: 'Internal error' }, 502, 'provider'],
    ['a message with a code', { message: 'no', code: 'rate_limit_exceeded' }, 429, 'rate'],
    ['a message alone', { message: 'no' }, 502, 'provider'],
    [
      'Anthropic',
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
      529,
      'provider',
    ],
    ['Google', [{ error: { code: 429, message: 'no', status: 'RESOURCE_EXHAUSTED' } }], 429, 'rate'],
    ['errors', { errors: [{ message: 'no', code: '7' }] }, 502, 'provider'],
    ['fault', { fault: { faultstring: 'no' } }, 502, 'provider'],
    ['numbers and messages', { error_code: 336003, error_msg: 'no' }, 502, 'provider'],
    [
      'MiniMax',
      { base_resp: { status_code: 1008, status_msg: 'insufficient balance' }, choices: null },
      402,
      'account',
    ],
    ['no success', { success: false, reason: 'no' }, 502, 'provider'],
    ['a word for a status', { error: { message: 'no', type: 'authentication_error' } }, 401, 'account'],
    ['a word for a quota', { error: { message: 'no', code: 'insufficient_quota' } }, 402, 'account'],
    ['a word for the caller', { error: { message: 'no', type: 'invalid_request_error' } }, 400, 'caller'],
    ['a status in a text', { error: { message: 'no', code: '429' } }, 429, 'rate'],
    ['beside choices', { ...HI, error: { message: 'no', code: 503 } }, 503, 'provider'],
    ['beside empty choices', { choices: [], error: { message: 'no', code: 503 } }, 503, 'provider'],
    [
      'on a choice',
      chunk({}, { finish_reason: 'error', error: { message: 'no', code: 503 } }),
      503,
      'provider',
    ],
    ['by its sentence', { error: { message: "exceeds the model's maximum context length" } }, 400, 'caller'],
  ];

  test.each(shapes)(
    '%s: before the first token it is a failure with a status',
    (_name, shape, status, fault) => {
      const told = played({ body: sse(shape) });
      expect(told.error).toMatchObject({ failure: 'status', status, fault });
      expect([told.batches.length, told.ended]).toEqual([0, 0]);
    },
  );

  test.each(shapes)(
    '%s: in mid-stream it ends the stream as a failure, behind what was said',
    (_name, shape, status) => {
      const told = played({
        body: `data: ${JSON.stringify(HI)}\n\ndata: ${JSON.stringify(shape)}\n\ndata: [DONE]\n\n`,
      });
      expect(told.text('content')).toBe('hi');
      expect(told.error).toMatchObject({ failure: 'status', status });
      expect(told.upstream.cancelled).toBe(1);
    },
  );

  test.each(shapes.filter(([name]) => !/choice/.test(name)))(
    '%s: in the place of a whole answer',
    (_name, shape, status, fault) => {
      for (const stream of [true, false]) {
        const told = played({ body: JSON.stringify(shape) }, { stream });
        expect(told.error).toMatchObject({ failure: 'status', status, fault });
      }
    },
  );

  test('by the name of its event', () => {
    for (const data of ['{"message":"no"}', '{"type":"overloaded_error"}', 'Internal Server Error']) {
      const told = played({ body: `data: ${JSON.stringify(HI)}\n\nevent: error\ndata: ${data}\n\n` });
      expect(told.error?.failure).toBe('status');
    }
  });

  test('in a field of its own, as llama.cpp writes it', () => {
    const field = 'error: {"code":500,"message":"Context size has been exceeded.","type":"server_error"}\n\n';
    for (const [before, text] of [
      ['', ''],
      [`data: ${JSON.stringify(HI)}\n\n`, 'hi'],
    ] as const) {
      const told = played({ body: before + field });
      expect(told.text('content')).toBe(text);
      expect(told.error).toMatchObject({ fault: 'caller', status: 400, isContextLength: true });
    }
    const words = played({ body: 'error: slot is gone\n\ndata: [DONE]\n\n' });
    expect(words.error).toMatchObject({ failure: 'status', fault: 'provider' });
    expect(words.error?.detail).toContain('slot is gone');
  });

  test('by the name of its event, with its own status', () => {
    const told = played({ body: 'event: error\ndata: {"message":"no","code":"rate_limit_exceeded"}\n\n' });
    expect(told.error).toMatchObject({ status: 429, fault: 'rate', providerCode: 'rate_limit_exceeded' });
  });

  test('in Groq’s own member', () => {
    const told = played({ body: sse({ ...HI, x_groq: { id: 'r', error: 'over capacity' } }) });
    expect(told.error).toMatchObject({ failure: 'status', fault: 'provider' });
    expect(told.error?.detail).toContain('over capacity');
  });

  test('an error that is none does not end an answer', () => {
    for (const error of [null, '', {}, [], false, 0]) {
      const told = played({ body: sse({ ...HI, error }, { ...STOP, error }) });
      expect([told.text('content'), told.ended]).toEqual(['hi', 1]);
      const body = JSON.stringify({
        error,
        choices: [{ message: { content: 'hi' }, finish_reason: 'stop' }],
      });
      expect(played({ body }, { stream: false }).whole).not.toBeNull();
    }
  });
});
