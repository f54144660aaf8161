import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { SPELLINGS } from './__fixtures__/spellings.ts';
import { SECRET } from './__fixtures__/upstream.ts';
import { withoutSecret } from './redaction.ts';

/** Whether a text still shows something of the secret that is worth something. */
function shows(text: string): boolean {
  const letters = text.toLowerCase().replace(/[^a-z0-9]/g, '');
  const secret = SECRET.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (text.includes(SECRET.slice(-4))) return true;
  for (let at = 0; at + 6 <= secret.length; at++) if (letters.includes(secret.slice(at, at + 6))) return true;
  return false;
}

describe('a secret in a text', () => {
  test.each(Object.entries(SPELLINGS))(
    '%s: nothing of it stays, and the sentence does',
    (_name, spelling) => {
      const safe = withoutSecret(`The key ${spelling} is not valid here.`, SECRET);
      expect(shows(safe)).toBe(false);
      expect(safe).not.toContain(spelling);
      expect(safe).toMatch(/^The key \S*\[redacted\]/);
      expect(safe).toEndWith('is not valid here.');
    },
  );

  test('is found wherever it stands, whatever stands around it', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom(...Object.values(SPELLINGS).slice(0, -1)),
        fc.string(),
        (a, spelling, b) => {
          const safe = withoutSecret(`${a} ${spelling} ${b}`, SECRET);
          expect(safe.includes(spelling)).toBe(false);
          expect(safe.includes(SECRET)).toBe(false);
        },
      ),
    );
  });

  test.each(['k"y\\a/b', 'p@ss"wo\\rd/x-Z9', 'kaë€b', SECRET])('%j: in every spelling of JSON', (secret) => {
    const escaped = [...secret].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
    const letters = [...secret]
      .map((c) => (/[a-z]/i.test(c) ? `\\u00${c.charCodeAt(0).toString(16)}` : c.replace(/["\\/]/, '\\$&')))
      .join('');
    const once = JSON.stringify(secret).slice(1, -1);
    const twice = JSON.stringify(JSON.stringify({ secret }));
    const spellings = [
      escaped,
      escaped.toUpperCase().replaceAll('U', 'u'),
      letters,
      once,
      once.replaceAll('/', '\\/'),
      twice,
      twice.replaceAll('/', '\\/'),
      JSON.stringify({ error: JSON.stringify({ error: JSON.stringify({ message: secret }) }) }),
      JSON.stringify({ error: `{"message":"${escaped}"}` }),
      escaped.replaceAll('\\', '\\u005c'),
      encodeURIComponent(secret),
      encodeURIComponent(encodeURIComponent(secret)),
    ];
    for (const spelling of spellings) {
      const safe = withoutSecret(`The key ${spelling} is not valid here.`, secret);
      expect([spelling, safe]).toEqual([
        spelling,
        expect.stringMatching(/^The key .*\[redacted\].*is not valid here\.$/),
      ]);
      let read = safe;
      for (let round = 0; round < 4; round++) {
        read = read
          .replace(/\\u([0-9a-f]{4})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
          .replace(/\\(["\\/])/g, '$1');
        expect(read).not.toContain(secret);
      }
    }
  });

  test('is found in a text of many kilobytes without taking long', () => {
    const text = `${'%41&#66;\\u0043 words '.repeat(4000)}${SECRET}`;
    const startedAtMs = performance.now();
    expect(withoutSecret(text.slice(-60_000), SECRET)).not.toContain(SECRET);
    expect(performance.now() - startedAtMs).toBeLessThan(2000);
  });

  test('is found a thousand times in one long word without taking long', () => {
    const startedAtMs = performance.now();
    expect(withoutSecret(SECRET.repeat(1700), SECRET)).toBe('[redacted]');
    expect(performance.now() - startedAtMs).toBeLessThan(2000);
  });
});

describe('a text without it', () => {
  test.each([
    'This model does not support image input.',
    'Invalid value for messages[1].content: expected a string, got null.',
    'The model `gpt-5.4-mini` does not exist or you do not have access to it.',
    'Request id: 7d4e2b1c-90aa-4b7e-8f00-d3a1f6a7c2b1, see https://example.com/docs/errors#3456x',
  ])('stays as it is: %s', (text) => {
    expect(withoutSecret(text, SECRET)).toBe(text);
  });

  test('no secret, no change, but other keys are masked all the same', () => {
    for (const secret of [null, '']) {
      expect(withoutSecret('nothing here', secret)).toBe('nothing here');
      expect(withoutSecret('sk-proj-abcdefghijklmnop', secret)).not.toContain('abcdefghijklmnop');
    }
  });

  test('what stands in place of a key where none is asked for is no secret: words with its letters stay', () => {
    for (const secret of ['k', 'x', 'sk'])
      expect(withoutSecret('max_tokens: ask for 6 tokens', secret)).toBe('max_tokens: ask for 6 tokens');
  });

  test('a short secret is taken out whole, and words that are like it stay', () => {
    expect(withoutSecret('model "ollama-x" is not loaded', 'ollama')).toBe(
      'model "[redacted]-x" is not loaded',
    );
    expect(withoutSecret('the test of a key', 'key')).toBe('the test of a [redacted]');
  });
});
