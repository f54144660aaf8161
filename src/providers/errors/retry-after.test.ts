import { describe, expect, setSystemTime, test } from 'bun:test';
import { retryAfterIn, retryAfterSeconds, saidToWait } from './retry-after.ts';

const NOW = '2026-11-20T12:00:00Z';

function seconds(headers: Record<string, string>, status = 429): number | null {
  setSystemTime(new Date(NOW));
  try {
    return retryAfterSeconds({ status, header: (name) => headers[name] ?? null });
  } finally {
    setSystemTime();
  }
}

test.each([
  [{ 'retry-after': '20' }, 20],
  [{ 'retry-after': '0' }, 1],
  [{ 'retry-after': '1.2' }, 2],
  [{ 'retry-after-ms': '1500', 'retry-after': '20' }, 2],
  [{ 'retry-after': 'Fri, 20 Nov 2026 12:01:00 GMT' }, 60],
  [{ 'retry-after': 'Fri, 20 Nov 2026 11:00:00 GMT' }, 1],
  [{ 'retry-after': 'soon' }, null],
  [{ 'retry-after': '9999999' }, 86_400],
] as const)('%o asks for %p s', (headers, asked) => {
  expect(seconds(headers)).toBe(asked);
});

describe('where a 429 has no Retry-After, the limits say when they are full again', () => {
  test.each([
    // OpenAI's rate limit guide: durations as Go writes them.
    [
      {
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '6m0s',
        'x-ratelimit-remaining-tokens': '149984',
        'x-ratelimit-reset-tokens': '12ms',
      },
      360,
    ],
    // Groq's rate limit page: requests by the day, tokens by the minute.
    [
      {
        'x-ratelimit-remaining-requests': '14370',
        'x-ratelimit-reset-requests': '2m59.56s',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '7.66s',
      },
      8,
    ],
    // Both are used up: the later one counts.
    [
      {
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '90s',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '1h0m0s',
      },
      3600,
    ],
    // Some are left, only not enough for this request.
    [{ 'x-ratelimit-remaining-tokens': '12', 'x-ratelimit-reset-tokens': '41.2s' }, 42],
    // Cerebras' rate limit page: plain seconds, with the window in the name.
    [
      {
        'x-ratelimit-remaining-requests-day': '100',
        'x-ratelimit-reset-requests-day': '33011.382867097855',
        'x-ratelimit-remaining-tokens-minute': '0',
        'x-ratelimit-reset-tokens-minute': '11.382867097854614',
      },
      12,
    ],
    // Anthropic's rate limit page: moments, as RFC 3339 writes them.
    [
      {
        'anthropic-ratelimit-requests-remaining': '0',
        'anthropic-ratelimit-requests-reset': '2026-11-20T12:00:30Z',
        'anthropic-ratelimit-tokens-remaining': '3000',
        'anthropic-ratelimit-tokens-reset': '2026-11-20T12:00:01Z',
      },
      30,
    ],
    // OpenRouter's limits page: milliseconds since 1970.
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Date.parse(NOW) + 45_000) }, 45],
    [{ 'x-ratelimit-reset': String(Date.parse(NOW) / 1000 + 45) }, 45],
    [{ 'x-ratelimit-reset-requests': 'tomorrow' }, null],
    [{ 'x-ratelimit-reset-requests': '-5' }, null],
  ] as const)('%o: %p s', (headers, asked) => {
    expect(seconds(headers)).toBe(asked);
  });

  test('and a Retry-After beside them is what is asked for', () => {
    expect(
      seconds({
        'retry-after': '3',
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '1h',
      }),
    ).toBe(3);
  });

  test('and of any other status they ask for nothing: vendors send them with every answer', () => {
    expect(
      seconds({ 'x-ratelimit-remaining-requests': '9', 'x-ratelimit-reset-requests': '1s' }, 503),
    ).toBeNull();
  });
});

describe('where the head says nothing', () => {
  // As OpenAI, Groq (BerriAI/litellm#3274), Azure and Google write it.
  test.each([
    ['Rate limit reached for gpt-4o. Please try again in 20s. Visit https://x.example/', 20],
    ['Rate limit reached. Please try again in 340ms.', 1],
    ['Limit 9000, Used 0, Requested ~16008. Please try again in 46.72s.', 47],
    ['Please try again in 2m59.56s. Need more tokens?', 180],
    ['Please try again in 6m0s.', 360],
    ['Please retry after 26 seconds. Please go here: https://x.example/', 26],
    ['Please retry after 1 second.', 1],
    ['Please retry in 34.074824224s.', 35],
    ['Try again in 5 minutes', 300],
    ['Please try again in 1 hour 30 minutes', 5400],
    ['Please retry after 9999999 seconds', 86_400],
    ['Please try again in a moment', null],
    ['Please try again in 3 weeks', null],
    ['Try again', null],
    [null, null],
  ] as const)('the sentence %j asks for %p s', (sentence, asked) => {
    expect(saidToWait(sentence)).toBe(asked);
  });

  test('the body may hold a number, or the head of the answer behind a router', () => {
    const headers = { 'X-RateLimit-Limit': '20', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '' };
    const reset = String(Date.parse(NOW) + 33_000);
    setSystemTime(new Date(NOW));
    try {
      expect(retryAfterIn({ metadata: { headers: { ...headers, 'X-RateLimit-Reset': reset } } })).toBe(33);
    } finally {
      setSystemTime();
    }
    expect(retryAfterIn({ retry_after: 12 })).toBe(12);
    expect(retryAfterIn({ availability: { code: 'capacity_exhausted', retry_after: 0.4 } })).toBe(1);
    for (const none of [{}, { retry_after: 'soon' }, { retry_after: -1 }, { metadata: { headers } }])
      expect(retryAfterIn(none)).toBeNull();
  });
});
