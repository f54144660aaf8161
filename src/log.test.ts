/** That a line is one line, tells what it was given, and never a secret. */
import { describe, expect, test } from 'bun:test';
import { ManualClock } from './clock.ts';
import type { LogLevel } from './config/config.ts';
import { createLogger, redact, redactText } from './log.ts';

function recorder(level: LogLevel = 'debug', human = false) {
  const lines: string[] = [];
  const clock = new ManualClock(Date.UTC(2026, 0, 2, 3, 4, 5, 6));
  const log = createLogger({ level, clock, human, write: (line) => void lines.push(line) });
  return { log, lines, last: (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? 'null') };
}

test('a line is one JSON object with time, level and event first', () => {
  const { log, lines } = recorder();
  log.info('server_started', { port: 4141 });
  expect(lines).toEqual([
    '{"time":"2026-01-02T03:04:05.006Z","level":"info","event":"server_started","port":4141}\n',
  ]);
});

test('lines below the level are not written', () => {
  const { log, lines } = recorder('warn');
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  expect(lines).toHaveLength(2);
});

test('a child adds its fields to every line, and its own win', () => {
  const { log, last } = recorder();
  const child = log.child({ requestId: 'req-1', step: 'a' }).child({ model: 'm' });
  child.warn('attempt_failed', { step: 'b' });
  expect(last()).toMatchObject({ requestId: 'req-1', model: 'm', step: 'b', level: 'warn' });
});

test('a field cannot pass itself off as the time, the level or the event', () => {
  const { log, last } = recorder();
  log.info('real', { event: 'forged', level: 'error', time: 'never' });
  expect(last()).toEqual({ time: '2026-01-02T03:04:05.006Z', level: 'info', event: 'real' });
});

test.each([false, true])('no text can start a second line or steer a terminal (human: %p)', (human) => {
  const { log, lines } = recorder('info', human);
  const hostile = 'a\nb\r\u001b[2J\u009b31m\u2028\u202e\u007f';
  log.info(`x${hostile}`, { [`k${hostile}`]: hostile });
  expect(lines).toHaveLength(1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is the point.
  expect(lines[0]?.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
});

test('the human form is one readable line', () => {
  const { log, lines } = recorder('info', true);
  log.warn('port_in_use', { port: 1, host: 'a b' });
  expect(lines).toEqual(['03:04:05 WARN  port_in_use port=1 host="a b"\n']);
});

test('an error is told with name, message, stack and what caused it', () => {
  const { log, last } = recorder();
  log.error('failed', {
    error: new TypeError('outer', { cause: Object.assign(new Error('inner'), { code: 'E1' }) }),
  });
  const error = last()['error'];
  expect(error).toMatchObject({
    name: 'TypeError',
    message: 'outer',
    cause: { message: 'inner', code: 'E1' },
  });
  expect((error as { stack: string }).stack).toContain('log.test.ts');
});

describe('a secret never reaches a line', () => {
  const canary = 'c4na7yc4na7yc4na7y00c4na7yc4na7y0099';
  const hex = 'deadbeef'.repeat(8);
  const secrets = [
    `sk-or-v1-${hex}`,
    `sk-proj-${canary}`,
    `sk-ant-api03-${canary}`,
    `Bearer ${canary}`,
    `bearer   ${canary}`,
    `gsk_${canary}`,
    `AIza${canary}`,
    `hf_${canary}`,
    `ghp_${canary}`,
    `https://user:${canary}@host/x`,
    `postgres://user:${canary}@db/x`,
    `https://host/x?key=${canary}&y=1`,
    `x-api-key: ${canary}`,
    `{"api_key":"${canary}"}`,
  ];
  const leaks = (text: string) => text.includes(canary.slice(0, 12)) || text.includes('deadbeef');

  test.each(secrets)('wherever %s stands', (secret) => {
    const { log, lines } = recorder();
    const wrapped = `Incorrect key provided: ${secret}.`;
    log.error(wrapped, {
      text: wrapped,
      list: [wrapped],
      nested: { deep: { deeper: wrapped } },
      error: new Error(wrapped, { cause: wrapped }),
      headers: new Headers({ 'x-note': wrapped }),
      map: new Map([['a', wrapped]]),
      [wrapped]: 1,
    });
    log.child({ wrapped }).info('child');
    expect(lines).toHaveLength(2);
    expect(lines.filter(leaks)).toEqual([]);
  });

  test.each([
    'authorization',
    'Proxy-Authorization',
    'cookie',
    'Set-Cookie',
    'api_key',
    'apiKey',
    'x-api-key',
    'password',
    'client_secret',
    'masterKey',
    'accessToken',
    'token',
  ])('under the name %s, whatever it looks like', (name) => {
    expect(redact({ [name]: 'short', nested: { [name]: ['short'] } })).toEqual({
      [name]: '[redacted]',
      nested: { [name]: '[redacted]' },
    });
  });

  test('as bytes', () => {
    expect(redact({ key: new Uint8Array(32), buffer: Buffer.from(canary) })).toEqual({
      key: '[32 bytes]',
      buffer: `[${canary.length} bytes]`,
    });
  });

  test('what is not secret stays readable', () => {
    const fields = {
      promptTokens: 5,
      label: 'sk-or-v1-abc...123',
      code: 'key_limit_exceeded',
      model: 'openai/gpt-4o-mini:free',
      requestId: 'req-0123456789abcdef0123',
      hash: hex.replaceAll('deadbeef', '0badcafe'),
      password: null,
      url: 'http://127.0.0.1:4141/api/v1/chat/completions?limit=5',
      message: 'task-oriented desk-checking of a disk-intensive-workload',
    };
    expect(redact(fields)).toEqual(fields);
  });
});

describe('nothing that is logged can throw', () => {
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  const throwing = {
    get bad(): string {
      throw new Error('no');
    },
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const values: [string, unknown][] = [
    ['circular', circular],
    ['bigint', 10n],
    ['symbol', Symbol('s')],
    ['function', () => 1],
    ['throwing getter', throwing],
    ['throwing toJSON', { toJSON: () => JSON.parse('{') }],
    ['revoked proxy', revoked.proxy],
    ['not a number', Number.NaN],
    ['invalid date', new Date(Number.NaN)],
    ['lone surrogate', '\ud800'],
    ['no prototype', Object.create(null)],
    ['huge', Array.from({ length: 10_000 }, () => 'x'.repeat(100))],
  ];

  test.each(values)('%s', (_, value) => {
    const { log, lines, last } = recorder();
    log.info('e', { value });
    expect(lines).toHaveLength(1);
    expect(last()['event']).toBe('e');
  });

  test('a writer that fails', () => {
    const write = () => {
      throw new Error('disk full');
    };
    const log = createLogger({ level: 'info', clock: new ManualClock(0), write });
    expect(() => log.error('e')).not.toThrow();
  });
});

test('redacting a long hostile text takes no longer than its length', () => {
  // A pattern that takes the square of the length would not end within the test's time.
  for (const part of ['a', 'Bearer ', '://a', 'sk-', 'eyJ', 'x-api-key', '?key='])
    redactText(part.repeat(100_000));
}, 60_000);
