/**
 * Every dialect writes every answer, byte by byte as its golden file has it. A new dialect is a row of BY_NAME, a new form of the
 * middle one of SOURCES, and a new wire format, from its provider's bytes to the client's, one of WIRE_FORMATS. `UPDATE_GOLDEN=1 npx bun test src/dialects/golden.test.ts` writes the files anew:
 * read every difference.
 */
import { describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ChatAnswer } from '../chat/answer.ts';
import type { ChatEvent } from '../chat/event.ts';
import type { DialectName } from '../chat/prompt.ts';
import { BILL, HEAD } from './__fixtures__/answers.ts';
import { type AnswerCase, CASES, type Form } from './__fixtures__/cases.ts';
import { RECORDINGS, WIRE_FORMATS } from './__fixtures__/wire-formats.ts';
import type { Dialect } from './dialect.ts';
import { openAiChat } from './openai-chat/dialect.ts';
import { openAiText } from './openai-text/dialect.ts';

const GOLDEN = join(import.meta.dir, '__fixtures__/golden');

/** By name, so that none is left out. */
const BY_NAME = {
  'openai-chat': openAiChat,
  'openai-text': openAiText,
} as Readonly<Record<DialectName, Dialect>>;
const DIALECTS = Object.values(BY_NAME);

/** Where answers come from: an axis beside the dialects. */
interface Source {
  /** Names the folder. */
  readonly name: string;
  /** Null: it cannot tell this case to callers of this dialect. */
  streamed(answer: AnswerCase, dialect: Dialect): readonly (readonly ChatEvent[])[] | null;
  whole(answer: AnswerCase, dialect: Dialect): ChatAnswer | null;
}

function scripted(form: Form, canTell: (dialect: Dialect) => boolean): Source {
  return {
    name: form,
    streamed: ({ streamed }, dialect) => (canTell(dialect) ? (streamed[form] ?? null) : null),
    whole: ({ whole }, dialect) => (canTell(dialect) ? (whole[form] ?? null) : null),
  };
}

const SOURCES: readonly Source[] = [
  scripted('typed', () => true),
  // No dialect but its own can send on what OpenAI's format says.
  scripted('native', ({ name }) => name === 'openai-chat'),
];

function streamText(dialect: Dialect, answer: AnswerCase, told: readonly (readonly ChatEvent[])[]): string {
  const encoder = dialect.encoder({ ...HEAD, ...answer.head });
  const first = answer.upstreamBody === undefined ? '' : encoder.upstreamBody(answer.upstreamBody);
  // The encoder may change what it is given: the next reader of the case needs its own.
  const middle = told.map((events) => encoder.events(structuredClone(events))).join('');
  const { ending } = answer;
  if (ending === 'finish') return first + middle + encoder.finish(BILL);
  if (ending === 'cut-off') return first + middle + encoder.cutOff() + encoder.finish(BILL);
  return first + middle + encoder.fail(ending);
}

function wholeText(dialect: Dialect, answer: AnswerCase, told: ChatAnswer): string {
  const body = dialect.whole({ ...HEAD, ...answer.head }, structuredClone(told), BILL);
  return `${JSON.stringify(body, null, 2)}\n`;
}

const golden = new Set<string>();

function mustBe(path: string, written: string): void {
  if (process.env['UPDATE_GOLDEN'] === '1') {
    mkdirSync(dirname(join(GOLDEN, path)), { recursive: true });
    writeFileSync(join(GOLDEN, path), written);
  }
  expect(existsSync(join(GOLDEN, path)) ? readFileSync(join(GOLDEN, path), 'utf8') : 'no file').toBe(written);
}

for (const dialect of DIALECTS) {
  for (const source of SOURCES) {
    describe(`${dialect.name} of an answer that is ${source.name}`, () => {
      for (const answer of CASES) {
        const streamed = source.streamed(answer, dialect);
        const whole = source.whole(answer, dialect);
        const path = `${dialect.name}/${source.name}/${answer.name}`;
        if (streamed !== null) {
          golden.add(`${path}.sse`);
          test(`${answer.name}, streamed`, () =>
            mustBe(`${path}.sse`, streamText(dialect, answer, streamed)));
        }
        if (whole !== null) {
          golden.add(`${path}.json`);
          test(`${answer.name}, whole`, () => mustBe(`${path}.json`, wholeText(dialect, answer, whole)));
        }
      }
    });
  }
}

function pathOf(dialect: Dialect, format: string, name: string): string {
  return `${dialect.name}/${format}/${name.replace(/\.\w+$/, '').replace('/', '-')}`;
}

for (const dialect of DIALECTS) {
  for (const wireFormat of Object.values(WIRE_FORMATS)) {
    describe(`${dialect.name} of what ${wireFormat.format} tells`, () => {
      test.each(wireFormat.answers.map((name) => [name] as const))('%s, streamed and whole', async (name) => {
        const path = pathOf(dialect, wireFormat.format, name);
        const answer = { name, ending: 'finish', streamed: {}, whole: {} } as const;
        const streamed = await wireFormat.streamed(name, dialect.name);
        mustBe(`${path}.sse`, streamText(dialect, answer, streamed));
        mustBe(`${path}.json`, wholeText(dialect, answer, await wireFormat.whole(name, dialect.name)));
      });
    });
    for (const name of wireFormat.answers) {
      const path = pathOf(dialect, wireFormat.format, name);
      golden.add(`${path}.sse`);
      golden.add(`${path}.json`);
    }
  }
}

test('every vendor of whom an answer is recorded is in the matrix', () => {
  const vendorsOf = (names: readonly string[]) =>
    [...new Set(names.map((name) => name.split('-')[0]))].sort();
  const answers = readdirSync(RECORDINGS).filter(
    (name) => /\.(?:sse|json)$/.test(name) && !name.includes('error'),
  );
  expect(vendorsOf(WIRE_FORMATS.openai.answers)).toEqual(vendorsOf(answers));
});

test('every golden file is one of a case', () => {
  const files = readdirSync(GOLDEN, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(GOLDEN.length + 1));
  expect(files.sort()).toEqual([...golden].sort());
});
