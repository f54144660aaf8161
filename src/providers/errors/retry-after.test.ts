import { describe, expect, setSystemTime, test } from 'bun:test';
import { retryAfterSeconds } from './retry-after.ts';

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
