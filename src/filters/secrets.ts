/**
 * Credentials by their vendors' prefixes and structure, never by their entropy (OpenRouter: guides/features/guardrails/secret-formats).
 * All have a long run of characters that no sentence has, so only such runs are looked at.
 */
import { type Detector, type Found, isWordCode } from './detector.ts';

interface SecretFormat {
  readonly id: string;
  /** One of these is in every match. */
  readonly marks: readonly string[];
  /** Bounded in length, and sticky. */
  readonly pattern: RegExp;
}

const BASE58 = '[1-9A-HJ-NP-Za-km-z]';

function format(id: string, marks: readonly string[], source: string): SecretFormat {
  return { id, marks, pattern: new RegExp(source, 'y') };
}

/** In the order of the documentation, but that what is more precise comes first. */
const FORMATS: readonly SecretFormat[] = [
  format(
    'aws-access-key-id',
    ['AKIA', 'ASIA', 'ABIA', 'ACCA', 'A3T'],
    '(?:A3T[A-Z0-9]|A[KSB]IA|ACCA)[A-Z0-9]{16}',
  ),
  format('github-token', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], 'gh[pousr]_[A-Za-z0-9]{36,255}'),
  format('github-fine-grained-pat', ['github_pat_'], 'github_pat_[A-Za-z0-9_]{36,255}'),
  format(
    'gitlab-personal-access-token',
    ['glpat-'],
    'glpat-[A-Za-z0-9_-]{20,300}(?:\\.[0-9a-z]{2}\\.[0-9a-z]{9})?',
  ),
  format(
    'openai-api-key',
    ['sk-proj-', 'sk-svcacct-', 'sk-admin-'],
    'sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{10,150}?T3BlbkFJ[A-Za-z0-9_-]{10,150}',
  ),
  format('openai-legacy-api-key', ['T3BlbkFJ'], 'sk-[A-Za-z0-9]{18,48}?T3BlbkFJ[A-Za-z0-9]{18,48}'),
  format('anthropic-api-key', ['sk-ant-'], 'sk-ant-(?:api|admin)\\d{2}-[A-Za-z0-9_-]{60,130}AA'),
  format('openrouter-api-key', ['sk-or-v1-'], 'sk-or-v1-[0-9a-f]{64}'),
  format('google-api-key', ['AIza'], 'AIza[A-Za-z0-9_-]{35}'),
  format('google-oauth-client-secret', ['GOCSPX-'], 'GOCSPX-[A-Za-z0-9_-]{28}'),
  format('stripe-secret-key', ['k_live_', 'k_test_'], '[sr]k_(?:live|test)_[A-Za-z0-9]{16,247}'),
  format('slack-token', ['xoxb-', 'xoxp-', 'xoxo-', 'xoxs-'], 'xox[bpos]-\\d{6,14}-[A-Za-z0-9-]{10,200}'),
  format('slack-legacy-workspace-token', ['xoxa-', 'xoxr-'], 'xox[ar]-(?:\\d{1,14}-)?[A-Za-z0-9-]{8,200}'),
  format('slack-app-token', ['xapp-'], 'xapp-\\d{1,2}-[A-Z0-9]{8,20}-\\d{8,20}-[A-Za-z0-9]{16,100}'),
  format(
    'slack-webhook-url',
    ['hooks.slack.com/'],
    'https://hooks\\.slack\\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{20,90}',
  ),
  format('npm-access-token', ['npm_'], 'npm_[A-Za-z0-9]{36}'),
  format('sendgrid-api-key', ['SG.'], 'SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{32,64}'),
  format('huggingface-access-token', ['hf_'], 'hf_[A-Za-z0-9]{30,64}'),
  format('databricks-api-token', ['dapi'], 'dapi[0-9a-f]{32}(?:-\\d{1,3})?'),
  format('atlassian-api-token', ['ATATT3'], 'ATATT3[A-Za-z0-9_=-]{40,300}'),
  format(
    'doppler-token',
    ['dp.'],
    'dp\\.(?:pt|st|ct|sa|scim|audit)\\.(?:[a-z0-9_-]{2,35}\\.)?[A-Za-z0-9]{40,44}',
  ),
  format('linear-api-key', ['lin_api_'], 'lin_api_[A-Za-z0-9]{32,64}'),
  format(
    'shopify-access-token',
    ['shpat_', 'shpca_', 'shppa_', 'shpss_'],
    'shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}',
  ),
  format('telegram-bot-token', [':AA'], '\\d{8,10}:AA[A-Za-z0-9_-]{32,35}'),
  format('age-secret-key', ['AGE-SECRET-KEY-1'], 'AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}'),
  format(
    'json-web-token',
    ['eyJ'],
    'eyJ[A-Za-z0-9_-]{8,8192}\\.eyJ[A-Za-z0-9_-]{8,8192}\\.[A-Za-z0-9_-]{8,2048}',
  ),
  format('bitcoin-extended-private-key', ['prv'], `[xyztuvYZUV]prv${BASE58}{100,112}`),
  format('ethereum-private-key', ['0x', '0X'], '0[xX][0-9a-fA-F]{64}'),
  format('pypi-upload-token', ['pypi-AgEIcHlwaS5vcmc'], 'pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{40,1000}'),
  format('digitalocean-token', ['dop_v1_', 'doo_v1_', 'dor_v1_', 'dos_v1_'], 'do[pors]_v1_[0-9a-f]{64}'),
  format('bitcoin-wif-uncompressed', ['5H', '5J', '5K'], `5[HJK]${BASE58}{49}`),
  format('bitcoin-wif-compressed', ['K', 'L'], `[KL]${BASE58}{51}`),
];

const PRIVATE_KEY_BLOCK = 'private-key-block';

/** All 33. */
export const SECRET_FORMAT_IDS: readonly string[] = [...FORMATS.map(({ id }) => id), PRIVATE_KEY_BLOCK];

/** So many letters, digits, `_` and `-` in a row all of them have; AWS's are that long. */
const LEAST_RUN = 20;
const BEGIN = '-----BEGIN ';
const HEADER = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/y;
/** A longer key there is none: of 16384 bits it has 12.5 KB. */
const MAX_BLOCK = 14_000;

const [HYPHEN_CODE, DOT_CODE] = [45, 46];

const isInRun = (code: number): boolean => isWordCode(code) || code === HYPHEN_CODE;
/** What stands before a run and belongs to the same credential, or is between two runs of it: `https://`, `SG.`, `12345678:`. */
const isAround = (code: number): boolean =>
  isInRun(code) || (code >= DOT_CODE && code <= 58) || code === 43 || code === 61;
/** No format has more before its first run. */
const MAX_AROUND = 80;

/**
 * The next run of `LEAST_RUN` characters or more that ends behind `from`, with what is around it; null: none begins before `to`. Looks
 * at every 20th character, and at runs.
 */
function nextRun(text: string, from: number, to: number): readonly [start: number, end: number] | null {
  let at = from + LEAST_RUN - 1;
  while (at < text.length) {
    if (!isInRun(text.charCodeAt(at))) {
      at += LEAST_RUN;
      continue;
    }
    let start = at;
    while (start > from && isInRun(text.charCodeAt(start - 1))) start -= 1;
    let end = at + 1;
    while (end < text.length && isInRun(text.charCodeAt(end))) end += 1;
    if (end - start >= LEAST_RUN) {
      while (end < text.length && isAround(text.charCodeAt(end))) end += 1;
      const first = Math.max(from, start - MAX_AROUND);
      while (start > first && isAround(text.charCodeAt(start - 1))) start -= 1;
      return start < to ? [start, end] : null;
    }
    at = end + LEAST_RUN;
  }
  return null;
}

export const secrets: Detector = {
  signs: [hasMarkedRun, (text, from) => text.includes(BEGIN, from)],
  find: (text, from, to, found, isEnd) => {
    const blocks: [number, number][] = [];
    privateKeys(text, from, to, (start, end) => blocks.push([start, end]), isEnd);
    let block = 0;
    for (let run = nextRun(text, from, to); run !== null; run = nextRun(text, run[1], to)) {
      for (let next = blocks[block]; next !== undefined && next[0] <= run[1]; next = blocks[block]) {
        found(next[0], next[1], PRIVATE_KEY_BLOCK);
        block += 1;
      }
      inRun(text, run[0], Math.min(run[1], to), run[1], found);
    }
    for (const [start, end] of blocks.slice(block)) found(start, end, PRIVATE_KEY_BLOCK);
    return to;
  },
};

/** Whether a run has the mark of a format. */
function hasMarkedRun(text: string, from: number): boolean {
  for (let run = nextRun(text, from, text.length); run !== null; run = nextRun(text, run[1], text.length))
    if (mayHaveMark(text, run[0], run[1])) return true;
  return false;
}

/** Of WIF the mark alone says nothing, and its length does. */
const LONG_MARKS = FORMATS.flatMap(({ marks }) => marks).filter(
  (mark) => mark.length > 1 && !/^5[HJK]$/.test(mark),
);
const LEAST_WIF = 50;
const ANY_MARK = new RegExp(
  `${LONG_MARKS.map((mark) => mark.replaceAll('.', '\\.')).join('|')}|${BASE58}{${LEAST_WIF}}`,
);
/** The first two characters of a mark. */
const MARK_STARTS = new Uint8Array(128 * 128);
for (const mark of LONG_MARKS) MARK_STARTS[mark.charCodeAt(0) * 128 + mark.charCodeAt(1)] = 1;

function mayHaveMark(text: string, start: number, end: number): boolean {
  let isMarked = end - start >= LEAST_WIF;
  for (let at = start; !isMarked && at + 1 < end; at += 1)
    isMarked = MARK_STARTS[text.charCodeAt(at) * 128 + text.charCodeAt(at + 1)] === 1;
  return isMarked && ANY_MARK.test(text.slice(start, end));
}

/** Of one run: every place at which a word begins, and only for formats whose mark it has. */
function inRun(text: string, start: number, to: number, end: number, found: Found): void {
  if (!mayHaveMark(text, start, end)) return;
  const run = end - start === text.length ? text : text.slice(start, end);
  for (const { id, pattern, marks } of FORMATS) {
    if (!marks.some((mark) => run.includes(mark))) continue;
    let lastEnd = 0;
    for (const mark of marks) {
      for (let at = run.indexOf(mark); at !== -1; at = run.indexOf(mark, Math.max(at + 1, lastEnd))) {
        const begins = beginningOf(id, text, start, start + at);
        if (begins < 0 || begins >= to) continue;
        pattern.lastIndex = begins;
        const matched = pattern.exec(text);
        if (matched === null) continue;
        const matchEnd = begins + matched[0].length;
        if (continues(id, text, matchEnd)) continue;
        found(begins, matchEnd, id);
        lastEnd = matchEnd - start;
      }
    }
  }
}

/** Where a match with a mark at `at` has to begin, which is where a word begins; negative: nowhere. */
function beginningOf(id: string, text: string, runStart: number, at: number): number {
  let begins = at;
  if (id === 'stripe-secret-key' || id === 'bitcoin-extended-private-key') begins = at - 1;
  else if (id === 'telegram-bot-token') {
    while (begins > runStart && at - begins < 11 && isDigit(text.charCodeAt(begins - 1))) begins -= 1;
  } else if (id === 'openai-legacy-api-key') {
    while (begins > runStart && at - begins < 52 && isWordCode(text.charCodeAt(begins - 1))) begins -= 1;
    begins -= 3;
  } else if (id === 'slack-webhook-url') begins = at - 'https://'.length;
  if (begins < 0) return -1;
  // What stands before a slash, a dash or `=` is no part of it: `KEY=AKIA…`, `token/ghp_…`.
  return begins > 0 && isWordCode(text.charCodeAt(begins - 1)) ? -1 : begins;
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** Whether a longer word goes on where a format of fixed length has to end. */
function continues(id: string, text: string, end: number): boolean {
  return id !== 'json-web-token' && isWordCode(text.charCodeAt(end));
}

/** What a secret is made of that is no block. */
export const isSecretCode = isAround;
/** The longest is a JSON web token. */
export const MAX_SECRET = 8192 + 8192 + 2048 + 16;

const HEADER_BEGUN = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}[A-Z0-9]{0,20}-{0,5}$/;
const MAX_HEADER = 128;

/** Where the block of a private key begins that is not at its end, and not too long to be one; null: nowhere. */
export function openKeyBlock(text: string, from: number): number | null {
  for (let at = text.indexOf(BEGIN, from); at !== -1; at = text.indexOf(BEGIN, at + 1)) {
    HEADER.lastIndex = at;
    const header = HEADER.exec(text)?.[0];
    if (header === undefined) {
      if (text.length - at <= MAX_HEADER && HEADER_BEGUN.test(text.slice(at))) return at;
      continue;
    }
    const body = at + header.length;
    const dashes = text.indexOf('-----', body);
    if (dashes === -1 && text.length - body <= MAX_BLOCK) return at;
    const behind = text.slice(dashes, dashes + header.length);
    const footer = header.replace('BEGIN', 'END');
    const isOpen = dashes !== -1 && behind.length < footer.length && footer.startsWith(behind);
    if (isOpen && dashes - at <= MAX_BLOCK) return at;
  }
  return null;
}

/** From its first line to its last; of one that was cut short, what there is of it. */
function privateKeys(text: string, from: number, to: number, found: Found, isEnd: boolean): void {
  for (let at = text.indexOf(BEGIN, from); at !== -1 && at < to; at = text.indexOf(BEGIN, at + 1)) {
    HEADER.lastIndex = at;
    const header = HEADER.exec(text)?.[0];
    if (header === undefined) continue;
    const footer = header.replace('BEGIN', 'END');
    const body = at + header.length;
    // Of what comes next, so that no text is looked through more than once.
    const dashes = text.indexOf('-----', body);
    const isWhole = dashes !== -1 && dashes - at <= MAX_BLOCK && text.startsWith(footer, dashes);
    if (!isWhole && dashes === -1 && !isEnd && text.length - at < MAX_BLOCK) continue;
    const end = isWhole ? dashes + footer.length : bodyEnd(text, body, dashes);
    if (end > body) found(at, end);
  }
}

/** Base64, line breaks (also written as `\n`) and headers such as `Proc-Type:`. */
const BODY = /[A-Za-z0-9+/=\s\\:,-]{0,14000}/y;

function bodyEnd(text: string, at: number, dashes: number): number {
  const part = text.slice(at, Math.min(at + MAX_BLOCK, dashes === -1 ? text.length : dashes));
  BODY.lastIndex = 0;
  return at + (BODY.exec(part)?.[0].trimEnd().length ?? 0);
}
