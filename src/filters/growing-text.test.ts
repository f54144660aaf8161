import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ContentFilter, FilterAction } from '../policy/policy.ts';
import { filterTexts } from './apply.ts';
import { compileFilters } from './compile.ts';
import { GrowingText } from './growing-text.ts';
import { Tally } from './outcome.ts';
import { done } from './work.ts';

const common = { guardrailId: 'g', guardrailScope: 'key', scanScope: 'all_messages', label: null } as const;
const builtIn = (slug: string, action: FilterAction = 'redact'): ContentFilter => ({
  ...{ ...common, kind: 'builtin', slug, action },
});
const own = (pattern: string, label: string | null = null): ContentFilter => ({
  ...{ ...common, kind: 'custom', pattern, action: 'redact', label },
});

const PERSONAL = ['email', 'phone', 'ssn', 'credit-card', 'ip-address', 'secrets'].map((slug) =>
  builtIn(slug),
);
const OWN = [
  'PROJ-\\d{4,6}',
  '(?:foo|foobar)+;',
  'a{2,5}b?',
  '\\bcodename\\s+\\w+\\b',
  'x(?:y|z[0-9])*w',
  'end$',
  '^begin',
].map((pattern, at) => own(pattern, `OWN${at}`));
const ALL = [...PERSONAL, ...OWN];

function growing(filters: readonly ContentFilter[], tally = new Tally(compileFilters(filters))) {
  const text = new GrowingText(compileFilters(filters), tally);
  return {
    push: async (piece: string) => await done(text.push(piece)),
    end: async () => await done(text.end()),
  };
}

async function cut(pieces: readonly string[], filters: readonly ContentFilter[]): Promise<string> {
  const text = growing(filters);
  let out = '';
  for (const piece of pieces) out += await text.push(piece);
  return out + (await text.end());
}

async function whole(text: string, filters: readonly ContentFilter[]): Promise<string> {
  const body = { text };
  await filterTexts(compileFilters(filters), [
    [{ holder: body, key: 'text', writer: 'assistant', kind: 'text' }],
  ]);
  return body.text;
}

const KEY_BLOCK = `-----BEGIN PRIVATE KEY-----\n${'MIIEpAIBAAKCAQEA\n'.repeat(6)}-----END PRIVATE KEY-----`;
const SAMPLES = [
  'write to jane@example.com, or jane.doe+x@mail.example.co.uk.',
  'call 914-309-4996 or +44 20 7946 0958, not 1732873200',
  'ssn 123-45-6789; 123 45 6789 and 1123-45-6789',
  'card 4111 1111 1111 1111, 4111111111111111, 4111111111111112',
  'at 192.168.0.1, version 1.2.3.4, fe80::1ff:fe23:4567:890a, 12:30:45',
  'key ghp_0123456789abcdefghijABCDEFGHIJ012345 and AKIAIOSFODNN7EXAMPLE.',
  `before ${KEY_BLOCK} behind`,
  '-----BEGIN CERTIFICATE----- is none, -----BEGIN RSA PRIVATE KEY----- cut short: MIIE',
  'begin with PROJ-1234, PROJ-12, PROJ-1234567, codename  falcon! foofoobar; foobar aaaaaab xyz1yw xyz at the end',
  'full width: ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ, hidden: ja\u00adne@exam\u200bple.com, é漢字🚀 ünïcode@exämple.com',
];

test.each(SAMPLES)('cut at every place, %j comes out as it does in one piece', async (sample) => {
  for (const filters of [ALL, PERSONAL, OWN]) {
    const expected = await whole(sample, filters);
    for (let at = 0; at <= sample.length; at += 1)
      expect(await cut([sample.slice(0, at), sample.slice(at)], filters)).toBe(expected);
    expect(await cut([...sample], filters)).toBe(expected);
    expect(await cut(sample.split(''), filters)).toBe(expected);
  }
});

test('texts of all kinds of pieces come out the same however they are cut', async () => {
  const piece = fc.oneof(
    fc.constantFrom(...SAMPLES),
    fc.constantFrom(
      ...' .,;:@-+()0123456789abcxyzPROJ',
      '\n',
      ' 12',
      '1.',
      '@x.co',
      'ghp_',
      '::1',
      'é',
      '９',
    ),
    fc.string({ maxLength: 6 }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 14 }),
      fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 12 }),
      async (parts, lengths) => {
        const text = parts.join('');
        const pieces: string[] = [];
        for (let at = 0, turn = 0; at < text.length; turn += 1) {
          const length = (lengths[turn % lengths.length] ?? 0) + 1;
          pieces.push(text.slice(at, at + length));
          at += length;
        }
        expect(await cut(pieces, ALL)).toBe(await whole(text, ALL));
      },
    ),
    { numRuns: 400 },
  );
});

test.each([
  ['Words go on as they come. ', '', PERSONAL],
  ['what may be ', '', PERSONAL],
  ['an address: jane@exam', 'jane@exam', PERSONAL],
  ['a number: 914-30', '914-30', PERSONAL],
  ['(see chapter ', '', PERSONAL],
  ['a project: PROJ-1', 'PROJ-1', [own('PROJ-\\d{4,6}')]],
  ['a project: PROX-1', '', [own('PROJ-\\d{4,6}')]],
  ['a project: PROJ-1234567', '', [own('PROJ-\\d{4,6}')]],
] as const)('of %j only %j waits', async (text, held, filters) => {
  const told = await growing([...filters]).push(text);
  expect(told + held).toBe(text.replace('PROJ-123456', '[REDACTED]'));
});

test('what waits is never longer than the longest match', async () => {
  for (const [filters, sign, longest] of [
    [[builtIn('email')], 'a', 64 + 1 + 255 + 2],
    [[builtIn('phone')], '1', 48],
    [[builtIn('secrets')], 'a', 18_448],
    [[own('a+b')], 'a', 4096],
    [[own(`${'ab?'.repeat(200)}c`)], 'a', 4096],
  ] as const) {
    const text = growing([...filters]);
    let told = 0;
    for (let at = 0; at < 40; at += 1) told += (await text.push(sign.repeat(1000))).length;
    expect(40_000 - told).toBeLessThanOrEqual(longest);
  }
});

test('what is to be replaced is not told up to where a block begins inside of it', async () => {
  const filters = [builtIn('email'), { ...own('example\\.com'), action: 'block' as const }];
  const text = growing(filters);
  const told = (await text.push('write to john@')) + (await text.push('example.com '));
  expect(told).toBe('write to ');
});

test('a group that ignores case waits for its match in any case', async () => {
  const filters = [own('(?i:project-x)', 'NAME')];
  expect(await cut(['of Project', '-X it is'], filters)).toBe('of [NAME] it is');
});

test('a match is counted once, and names its format', async () => {
  const compiled = compileFilters(PERSONAL);
  const tally = new Tally(compiled);
  const text = growing(PERSONAL, tally);
  const sample = 'key ghp_0123456789abcdefghijABCDEFGHIJ012345, mail a@b.co and a@b.co.';
  let out = '';
  for (const sign of sample) out += await text.push(sign);
  out += await text.end();
  expect(out).toBe('key [SECRET:github-token], mail [EMAIL] and [EMAIL].');
  expect(tally.report(compiled).matched).toMatchObject([
    { filter: 'secrets', matches: 1, found: ['github-token'] },
    { filter: 'email', matches: 2 },
  ]);
});
