/** How vendors say that a prompt is too long, and what is not meant by that. */
import { describe, expect, test } from 'bun:test';
import { errorOf, played, sse } from '../__fixtures__/upstream.ts';

describe('a prompt that is too long', () => {
  test.each([
    [
      'OpenAI',
      400,
      {
        error: {
          message:
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens. Please reduce the length of the messages.",
          type: 'invalid_request_error',
          code: 'context_length_exceeded',
        },
      },
    ],
    ['OpenAI, by its word alone', 400, { error: { message: 'no', code: 'context_length_exceeded' } }],
    [
      'vLLM',
      400,
      {
        object: 'error',
        message: "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
        type: 'BadRequestError',
        code: 400,
      },
    ],
    [
      'llama.cpp',
      400,
      {
        error: {
          code: 400,
          message: 'the request exceeds the available context size, try increasing it',
          type: 'exceed_context_size_error',
          n_prompt_tokens: 9,
          n_ctx: 4,
        },
      },
    ],
    [
      'Anthropic',
      400,
      {
        type: 'error',
        error: {
          type: 'invalid_request_error',
          message: 'prompt is too long: 210000 tokens > 200000 maximum',
        },
      },
    ],
    [
      'Google',
      400,
      [
        {
          error: {
            code: 400,
            message:
              'The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).',
            status: 'INVALID_ARGUMENT',
          },
        },
      ],
    ],
    [
      'Mistral',
      400,
      {
        object: 'error',
        message:
          'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
        type: 'invalid_request_error',
        code: '3051',
      },
    ],
    [
      'xAI',
      400,
      {
        code: 'x',
        error: "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
      },
    ],
    [
      'Groq',
      400,
      {
        error: {
          message: 'Please reduce the length of the messages or completion.',
          type: 'invalid_request_error',
          param: 'messages',
          code: 'context_length_exceeded',
        },
      },
    ],
    [
      'Together',
      422,
      {
        error: {
          message:
            'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000 `inputs` tokens, maximum context length is 8193',
        },
      },
    ],
    [
      'Alibaba',
      400,
      {
        error: {
          message: 'Range of input length should be [1, 129024]',
          type: 'invalid_request_error',
          code: 'invalid_parameter_error',
        },
      },
    ],
    ['Zhipu', 400, { error: { code: '1261', message: 'Prompt 超长' } }],
    [
      'SGLang',
      400,
      {
        object: 'error',
        message: "Requested token count exceeds the model's maximum context length of 8192 tokens.",
        type: 'BadRequest',
        code: 400,
      },
    ],
    [
      'DeepSeek',
      400,
      {
        error: {
          message:
            "This model's maximum context length is 131072 tokens. However, you requested 140000 tokens",
          type: 'invalid_request_error',
        },
      },
    ],
    [
      'Moonshot',
      400,
      {
        error: {
          message: 'Invalid request: Your request exceeded model token limit: 262144',
          type: 'invalid_request_error',
        },
      },
    ],
    [
      'Cohere',
      400,
      { message: 'too many tokens: size limit exceeded by 11 tokens. Try using shorter inputs.' },
    ],
    ['Bedrock', 400, { message: 'Input is too long for requested model.' }],
    [
      'Together, in its newer words',
      422,
      { error: { message: 'Input validation error: `inputs` must have less than 4096 tokens. Given: 9000' } },
    ],
    [
      'TensorRT-LLM',
      400,
      {
        object: 'error',
        message: 'The prompt length 5000 exceeds max_seq_len 4096',
        type: 'BadRequestError',
      },
    ],
    [
      'Anthropic, with the answer',
      400,
      {
        type: 'error',
        error: {
          type: 'invalid_request_error',
          message: 'input length and `max_tokens` exceed context limit: 199000 + 20000 > 200000',
        },
      },
    ],
    ['llama.cpp, as it was', 400, { error: { message: 'prompt too large', type: 'invalid_request_error' } }],
    [
      'LM Studio',
      400,
      { error: 'The number of tokens to keep from the initial prompt is greater than the context length' },
    ],
    ['a window that overflows', 400, { error: { message: 'context window overflow' } }],
    ['advice alone', 400, { error: { message: 'Please reduce the length of your prompt.' } }],
    ['a status of 500', 500, { error: { message: 'the prompt exceeds the context window', code: 500 } }],
  ])('%s', (_name, status, body) => {
    expect(errorOf({ status, body: JSON.stringify(body) })).toMatchObject({
      fault: 'caller',
      isContextLength: true,
    });
  });

  test('a 5xx about it tells the caller so, in our own words', () => {
    const error = errorOf({ status: 500, body: '{"error":{"message":"context window exceeded at /srv/x"}}' });
    expect(error).toMatchObject({ status: 400, message: 'The input is too long for this model', raw: null });
  });

  test('a sum of prompt and answer that must not be above the window is one', () => {
    const message =
      'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 4033 `inputs` tokens and 100 `max_new_tokens`';
    const error = errorOf({ status: 422, body: JSON.stringify({ error: { message } }) });
    expect(error).toMatchObject({ fault: 'caller', isContextLength: true, message });
  });

  test('a rate limit that counts tokens is none', () => {
    const body =
      '{"error":{"message":"Request too large for model `x` in organization `org` on tokens per minute (TPM): Limit 6000, Requested 7500, please reduce your message size","type":"tokens","code":"rate_limit_exceeded"}}';
    for (const status of [413, 429]) {
      expect(errorOf({ status, body })).toMatchObject({ fault: 'rate', isContextLength: false });
    }
  });

  test('a rate limit that counts tokens shows nobody whose it is, though only its sentence says what it is', () => {
    const message =
      'Request too large for model `x` in organization `org_01` on tokens per minute (TPM): Limit 6000, Requested 7500';
    const error = errorOf({ status: 413, body: JSON.stringify({ error: { message } }) });
    expect(error).toMatchObject({ fault: 'rate', message: 'Provider rate limit exceeded', raw: null });
  });

  test('a rate limit whose sentence speaks of the request is none', () => {
    const message =
      "This request would exceed your organization's rate limit of 40,000 input tokens per minute of maximum length";
    const body = JSON.stringify({ type: 'error', error: { type: 'rate_limit_error', message } });
    expect(errorOf({ status: 429, body })).toMatchObject({ fault: 'rate', isContextLength: false });
  });

  test('a sentence of megabytes is told in no time', () => {
    const message = 'the prompt exceeds the maximum input '.repeat(400_000);
    const startedAtMs = performance.now();
    const told = played({ body: sse({ error: { message } }) });
    expect(told.error?.failure).toBe('status');
    expect(performance.now() - startedAtMs).toBeLessThan(2000);
  });

  test('a status about the account stays one, whatever its sentence speaks of', () => {
    const body =
      '{"error":{"message":"maximum context length is 8192, and org-7 has no more","code":"context_length_exceeded"}}';
    for (const status of [401, 402, 403]) {
      const error = errorOf({ status, body });
      expect(error).toMatchObject({ fault: 'account', status, isContextLength: false, raw: null });
      expect(error.message).not.toContain('org-7');
    }
  });

  test('without a status or a word its sentence is enough', () => {
    const error = errorOf({ status: 200, body: '{"error":"maximum context length is 8192"}' });
    expect(error).toMatchObject({ fault: 'caller', status: 400, isContextLength: true });
    expect(errorOf({ status: 414, body: '{"error":"no"}' })).toMatchObject({
      fault: 'caller',
      message: 'no',
    });
  });

  test('a cap that is too high is not a prompt that is too long', () => {
    const body =
      '{"error":{"message":"max_tokens is too large: 100000. This model supports at most 16384 completion tokens","code":"invalid_value"}}';
    expect(errorOf({ status: 400, body }).isContextLength).toBe(false);
  });
});
