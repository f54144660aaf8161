/** What content filters cost: on a chat of 4 KB in which they find nothing, and on texts of 1 MB, also such as are meant to take long. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { textsOf } from '../src/chat/texts.ts';
import { filterTexts, filterWork } from '../src/filters/apply.ts';
import { compileFilters } from '../src/filters/compile.ts';
import { goOn } from '../src/filters/work.ts';
import type { ContentFilter } from '../src/policy/policy.ts';
import { aligned } from './table.ts';

export interface FilterFigures {
  readonly chats: readonly { readonly name: string; readonly cpuMicroseconds: number }[];
  readonly texts: readonly {
    readonly name: string;
    readonly cpuMs: number;
    /** Of the event loop, while the text is looked at. */
    readonly delayP99Ms: number;
    readonly delayMaxMs: number;
    /** Of the longest turn of the event loop: CPU, or the time that passed, whichever is less. */
    readonly turnMs: number;
  }[];
}

const CHAT_CHARACTERS = 4096;
const LONG_CHARACTERS = 1 << 20;
const PROSE =
  'It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness; 12 people were there ' +
  'in 1859, and see https://example.com/a?b=1 for more about it. ';

const filled = (text: string, characters: number): string =>
  text.repeat(Math.ceil(characters / text.length)).slice(0, characters);

const common = { guardrailScope: 'key', scanScope: 'all_messages', label: null, action: 'redact' } as const;
const builtIns = (...slugs: string[]): ContentFilter[] =>
  slugs.map((slug) => ({ ...common, guardrailId: 'one', kind: 'builtin', slug }));
const own = (guardrailId: string, ...patterns: string[]): ContentFilter[] =>
  patterns.map((pattern) => ({ ...common, guardrailId, kind: 'custom', pattern }));

const PERSONAL = builtIns('email', 'phone', 'ssn', 'credit-card', 'ip-address', 'secrets');
const INJECTION = builtIns('regex-prompt-injection');
/** Fifty, by five guardrails. */
const OWN = Array.from({ length: 10 }, (_, at) => [
  ...own('one', `PROJ${at}-\\d{4,6}`),
  ...own('two', `CASE${at}[A-Z]{2}\\d{3}`),
  ...own('three', `https?://internal${at}\\.example\\.com\\S*`),
  ...own('four', `\\b[A-Z]{2}${at}\\d{6}\\b`),
  ...own('five', `(?:alpha|bravo|charlie)-${at}-secret`),
]).flat();

const CHATS: Readonly<Record<string, readonly ContentFilter[]>> = {
  'personal data and secrets': PERSONAL,
  'prompt injection': INJECTION,
  '50 own patterns': OWN,
};

const HARD: Readonly<Record<string, readonly [string, readonly ContentFilter[]]>> = {
  'prose, personal data and secrets': [PROSE, PERSONAL],
  'prose, prompt injection': [PROSE, INJECTION],
  'prose, 50 own patterns': [PROSE, OWN],
  'own patterns that would stall others': [
    'a',
    own('one', '(x+x+)+y', '([a-z]+)*!', 'a.*a.*a.*b', '(a|ab)*c'),
  ],
  'a pattern of many states': ['a', own('one', '(a|a{2})*a{1,50}[0-9]')],
  digits: ['4', PERSONAL],
  cards: ['4111 ', PERSONAL],
  'at signs': ['a@', PERSONAL],
  'beginnings of keys': ['-----BEGIN PRIVATE KEY-----\n', PERSONAL],
  'beginnings of injections': ['ignore all you are now x DAN ', INJECTION],
  spaces: [' ', INJECTION],
  'full-width digits': ['é１２３', [...PERSONAL, ...INJECTION]],
  addresses: ['a@b.co ', PERSONAL],
  injections: ['ignore all previous instructions ', INJECTION],
  'full-width digits, own patterns': ['é１２３', own('one', '\\d{3}')],
  'card-like digits': ['4111 1111 1111 1111, 5500-0000-0000-0004 ', PERSONAL],
  'e-mail-like text': ['first.last+tag@mail.example.co.uk ', PERSONAL],
  'Chinese, personal data and secrets': ['今天天气很好，我们去公园散步吧。', PERSONAL],
  'Chinese, prompt injection': ['今天天气很好，我们去公园散步吧。', INJECTION],
  'phone-like runs, prompt injection': ['212-555-0123 ', INJECTION],
};

function cpuMicroseconds(work: () => void, times: number): number {
  const before = process.cpuUsage();
  for (let at = 0; at < times; at += 1) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}

/** The least of several rounds: what else the machine does only ever adds. */
function measureChat(filters: readonly ContentFilter[]): number {
  const compiled = compileFilters(filters);
  const body = { messages: [{ role: 'user', content: filled(PROSE, CHAT_CHARACTERS) }] };
  const work = () => void filterTexts(compiled, textsOf(body));
  cpuMicroseconds(work, 3000);
  return Math.min(...Array.from({ length: 20 }, () => cpuMicroseconds(work, 500)));
}

async function measureText(text: string, filters: readonly ContentFilter[]) {
  const compiled = compileFilters(filters);
  const look = async () => {
    await filterTexts(
      compiled,
      textsOf({ messages: [{ role: 'user', content: filled(text, LONG_CHARACTERS) }] }),
    );
  };
  await look();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const before = process.cpuUsage();
  await look();
  const { user, system } = process.cpuUsage(before);
  delay.disable();
  return {
    cpuMs: (user + system) / 1000,
    delayP99Ms: delay.percentile(99) / 1e6,
    delayMaxMs: delay.max / 1e6,
    turnMs: await longestTurnMs(text, filters),
  };
}

async function longestTurnMs(text: string, filters: readonly ContentFilter[]): Promise<number> {
  const body = { messages: [{ role: 'user', content: filled(text, LONG_CHARACTERS) }] };
  const work = filterWork(compileFilters(filters), textsOf(body));
  let longest = 0;
  for (;;) {
    const [beganMs, before] = [performance.now(), process.cpuUsage()];
    const turn = goOn(work);
    const { user, system } = process.cpuUsage(before);
    longest = Math.max(longest, Math.min((user + system) / 1000, performance.now() - beganMs));
    if (turn.isDone) return longest;
    await turn.wait;
  }
}

export async function measureFilters(): Promise<FilterFigures> {
  const chats = Object.entries(CHATS).map(([name, filters]) => ({
    name,
    cpuMicroseconds: measureChat(filters),
  }));
  const texts: FilterFigures['texts'][number][] = [];
  for (const [name, [text, filters]] of Object.entries(HARD))
    texts.push({ name, ...(await measureText(text, filters)) });
  return { chats, texts };
}

export function renderFilters({ chats, texts }: FilterFigures): string {
  const rows = chats.map(({ name, cpuMicroseconds: each }) => [name, `${each.toFixed(1)} µs`]);
  const longs = texts.map(({ name, cpuMs, delayP99Ms, delayMaxMs, turnMs }) => [
    name,
    `${cpuMs.toFixed(1)} ms`,
    `${delayP99Ms.toFixed(1)} ms`,
    `${delayMaxMs.toFixed(1)} ms`,
    `${turnMs.toFixed(1)} ms`,
  ]);
  return [
    'Content filters, CPU of a chat of 4 KB in which nothing is found:',
    aligned(rows),
    '',
    '1 MB of one thing: CPU, delay of the event loop p99 and most, longest turn:',
    aligned(longs),
  ].join('\n');
}
