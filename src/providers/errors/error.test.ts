/** An error of a vendor's, of its format and of its connection: status, fault, and who may read what of it. */
import { describe, expect, test } from 'bun:test';
import type { UpstreamFailure } from '../../upstream/upstream.ts';
import { connectionError, garbage, spokenReason, toldError } from './error.ts';

const SECRET = 'sk-canary-Q7mZ2xW9vB4tK8pL1nR6-c3456';

function told(status: number | null, error: object, more: object = {}) {
  const value = { error };
  return toldError({ status, value, text: JSON.stringify(value), ...more }, SECRET);
}

describe('the status', () => {
  test.each([
    [400, 400],
    [599, 599],
    [302, 502],
    [399, 502],
    [0, 502],
  ])('an answer’s own is %p: %p', (status, meant) => {
    expect(told(status, { message: 'no' }).status).toBe(meant);
  });

  test.each([
    [{ code: 429, message: 'no' }, 429],
    [{ type: 'overloaded_error', message: 'no' }, 529],
    [{ message: 'This model’s maximum context length is 8192 tokens' }, 400],
    [{ message: 'no' }, 502],
  ])('of one under a 200, %j is the one that it states or means: %p', (error, status) => {
    expect(told(null, error).status).toBe(status);
  });
});

describe('whose fault it is', () => {
  const words = { code: 'insufficient_quota', message: 'no' };

  test.each([
    [399, 'provider'],
    [400, 'account'],
    [429, 'account'],
    [499, 'account'],
    [500, 'provider'],
    [503, 'provider'],
  ] as const)('a word about the account counts under a 4xx alone: %p is the %s’s', (status, fault) => {
    expect(told(status, words).fault).toBe(fault);
  });

  test('a prompt larger than what a minute has left is a rate, by its word or its sentence', () => {
    expect(told(413, { type: 'tokens', code: 'rate_limit_exceeded', message: 'no' }).fault).toBe('rate');
    const message = 'Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 9000';
    expect(told(413, { message }).fault).toBe('rate');
    for (const status of [400, 413, 414, 422]) expect(told(status, { message: 'no' }).fault).toBe('caller');
  });
});

describe('what the prompt says', () => {
  // xAI (UKGovernmentBEIS/inspect_ai#2267), OpenRouter's page on errors, Azure's on its content filter.
  const xai = {
    code: 'The caller does not have permission to execute the specified operation',
    error:
      'Content violates usage guidelines. Team: team-1, API key ID: key-1, Model: grok-4-0709, Failed check: SAFETY_CHECK_TYPE_BIO',
  };
  const openrouter = {
    error: {
      code: 403,
      message: 'x/y requires moderation on Z. Your input was flagged for "violence".',
      metadata: { reasons: ['violence'], flagged_input: 'hi' },
    },
  };
  const azure = {
    error: {
      message:
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
      ...{ type: null, param: 'prompt', code: 'content_filter', status: 400 },
    },
  };
  const toldOf = (status: number | null, value: object) =>
    toldError({ status, value, text: JSON.stringify(value) }, SECRET);

  test('is nobody’s account: a 403 about it shows nothing of the operator’s, a 400 the vendor’s sentence', () => {
    for (const value of [xai, openrouter])
      expect(toldOf(403, value)).toMatchObject({
        ...{ fault: 'content', status: 403, raw: null },
        message: 'Provider refused what this request says, by its own content policy',
      });
    expect(toldOf(null, openrouter)).toMatchObject({ fault: 'content', status: 403 });
    expect(toldOf(400, azure)).toMatchObject({
      ...{ fault: 'content', status: 400, message: azure.error.message, providerCode: 'content_filter' },
    });
    expect(toldOf(403, { error: { message: 'You have no access', type: 'permission_error' } }).fault).toBe(
      'account',
    );
    expect(toldOf(429, azure).fault).toBe('rate');
    expect(toldOf(500, azure).fault).toBe('provider');
  });
});

describe('a model that the vendor does not have', () => {
  // DeepSeek (ConardLi/easy-dataset#9), Groq (valentinfrlch/ha-llmvision#324), OpenRouter, Mistral, Bedrock, LM Studio.
  test.each([
    { error: { message: 'Model Not Exist', type: 'invalid_request_error', code: 'invalid_request_error' } },
    {
      error: {
        message:
          'The model `llama-3.2-11b-vision-preview` has been decommissioned and is no longer supported.',
        ...{ type: 'invalid_request_error', code: 'model_decommissioned' },
      },
    },
    { error: { message: 'x/nothing is not a valid model ID', code: 400 } },
    { object: 'error', message: 'Invalid model: nothing', type: 'invalid_model', code: '1500' },
    { message: 'The provided model identifier is invalid.' },
    {
      error: {
        message: 'No models loaded. Please load a model in the developer page.',
        ...{ type: 'invalid_request_error', param: 'model', code: 'model_not_found' },
      },
    },
  ])('is no mistake of the caller’s, though it is told as a 400: %j', (value) => {
    expect(toldError({ status: 400, value, text: JSON.stringify(value) }, SECRET)).toMatchObject({
      ...{ fault: 'provider', status: 404, message: 'Provider returned error', raw: null },
    });
  });

  test.each([
    'This model does not support tools',
    'Tool `get_model` not found in the model’s tools',
    'The model `x` does not take images',
  ])('is none of those: %s', (message) => {
    expect(told(400, { message }).fault).toBe('caller');
  });
});

describe('who may read what', () => {
  test('a prompt that is too long is told in the vendor’s sentence under a 200 too', () => {
    const message = 'prompt is too long: 300000 tokens > 200000 maximum';
    expect(told(null, { message })).toMatchObject({ status: 400, message, isContextLength: true });
  });

  test('a caller reads the sentence on its mistake, cut, under a 200 too, and none where there is none', () => {
    const long = 'x'.repeat(600);
    expect(told(400, { message: long }).message).toBe(`${'x'.repeat(500)}…`);
    expect(told(400, { message: 'x'.repeat(500) }).message).toBe('x'.repeat(500));
    expect(told(null, { code: 400, message: 'Bad seed' })).toMatchObject({
      message: 'Bad seed',
      status: 400,
    });
    expect(told(400, { type: 'invalid_request_error' }).message).toBe('Provider rejected the request');
  });

  test('what is no JSON says nothing to the caller, a prompt that is too long either', () => {
    const text = 'prompt is too long: 300000 tokens > 200000 maximum';
    expect(toldError({ status: 400, value: undefined, text }, SECRET)).toMatchObject({
      message: 'Provider rejected the request',
      isContextLength: false,
      raw: null,
      detail: text,
    });
  });

  test('a prompt that is too long is the caller’s also under a 5xx, whose page it does not read', () => {
    const message = 'prompt is too long: 300000 tokens > 200000 maximum';
    expect(told(500, { message })).toMatchObject({
      ...{ fault: 'caller', status: 400, isContextLength: true, raw: null },
      message: 'The input is too long for this model',
    });
    expect(told(null, { code: 500, message })).toMatchObject({
      ...{ fault: 'caller', status: 400, raw: null, message: 'The input is too long for this model' },
    });
    for (const status of [401, 402, 403])
      expect(told(status, { message })).toMatchObject({ status, isContextLength: false, fault: 'account' });
  });

  test('the operator reads at most 2000 characters, and no secret', () => {
    const { detail } = told(500, { message: 'x'.repeat(3000) });
    expect(detail).toHaveLength(2001);
    expect(told(500, { message: `with ${SECRET}` }).detail).not.toContain(SECRET);
  });

  test('a code is a word: no status, no sentence, no secret', () => {
    expect(told(400, { code: 400, type: 'bad_seed', message: 'no' }).providerCode).toBe('bad_seed');
    expect(told(400, { code: 'a sentence, not a word', message: 'no' }).providerCode).toBeNull();
    expect(told(400, { code: SECRET, message: 'no' }).providerCode).toBeNull();
  });

  test('when to come back is what the head says, or else the body', () => {
    expect(told(429, { message: 'no' }, { retryAfterSeconds: 7 }).retryAfterSeconds).toBe(7);
    expect(told(429, { message: 'no' }).retryAfterSeconds).toBeNull();
  });
});

test('what is not the format is the provider’s, shown to the operator cut and without the secret', () => {
  const error = garbage('It is no message', `${SECRET} ${'x'.repeat(3000)}`, SECRET);
  expect(error).toMatchObject({
    failure: 'garbage',
    fault: 'provider',
    message: 'It is no message',
    hasAnswered: true,
    neverSent: false,
  });
  expect(error.detail).not.toContain(SECRET);
  expect(error.detail).toHaveLength(2001);
});

describe('a connection', () => {
  const cause = new Error('ECONNRESET');
  const failed = (kind: UpstreamFailure['kind'], more: Partial<UpstreamFailure> = {}) =>
    connectionError({ kind, timeout: null, hasAnswered: false, neverSent: true, cause, ...more });

  test.each([
    ['timeout', 'timeout', 'Provider did not answer in time'],
    ['malformed', 'garbage', 'Provider did not answer in HTTP'],
    ['too-large', 'garbage', 'Provider returned an answer that is too large'],
    ['closed', 'unreachable', 'Provider could not be reached or closed the connection'],
  ] as const)('that failed by %s is %s', (kind, failure, message) => {
    for (const facts of [
      { hasAnswered: true, neverSent: false },
      { hasAnswered: false, neverSent: true },
    ])
      expect(failed(kind, facts)).toMatchObject({
        ...{ failure, message, fault: 'provider', retryAfterSeconds: null, cause },
        ...facts,
      });
  });

  test('that we have no room for is this gateway’s, for a second, and nothing was sent', () => {
    expect(failed('no-room')).toMatchObject({
      failure: 'unreachable',
      fault: 'gateway',
      message: 'This gateway has no connection to spare; repeat this request in a moment',
      retryAfterSeconds: 1,
      hasAnswered: false,
      neverSent: true,
      cause,
    });
  });
});

test('a reason on one choice has a code and a sentence that a caller may read', () => {
  expect(spokenReason({ error: { code: 400, message: 'Bad seed' } }, SECRET)).toEqual({
    code: 400,
    message: 'Bad seed',
  });
  expect(spokenReason({ error: { message: `oops ${SECRET}` } }, SECRET)).toEqual({
    code: 502,
    message: 'Provider returned error',
  });
});
