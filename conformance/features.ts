/** What each feature sets up, asks for, and takes for a pass. */
import type { Ask, Beside, Client, Feature } from './client.ts';
import type { Outcome } from './process.ts';
import type { Asked } from './relay.ts';
import { type Stage, TURN_MODEL } from './stage.ts';

/** All that is known after a client has ended. */
export interface Seen {
  readonly outcome: Outcome;
  readonly asked: readonly Asked[];
  /** Of the requests that the provider got for the turn. */
  readonly upstream: readonly { readonly isStream: boolean; readonly body: unknown }[];
  /** The last word of the prompt: a whole answer has it. */
  readonly marker: string;
}

export interface Play {
  readonly ask: Ask;
  readonly key: string;
  /** Most requests that the client may send; undefined: it may repeat. */
  readonly maxTries?: number;
  prepare(stage: Stage, marker: string): void;
  /** What is wrong, or null. */
  judge(client: Client, seen: Seen): string | null;
}

const nothing = () => {};

export function playOf(feature: Exclude<Feature, Beside>, client: Client, stage: Stage): Play {
  const answered = (ask: Ask): Play => ({ ask, key: stage.key, prepare: nothing, judge: isAnswered });
  const fault = (
    behaviour: object,
    times: number | 'always',
    judge: Play['judge'],
    ask: Ask = 'text',
  ): Play => ({
    ...{ ask, key: stage.key, judge },
    prepare: ({ gateway }, marker) =>
      gateway.provider.script({ match: { model: TURN_MODEL, contains: marker }, times, behaviour }),
  });
  const refused = (key: string, words: RegExp): Play => ({
    ...{ ask: 'text', key, prepare: nothing, maxTries: client.triesWhenRefused ?? 1 },
    judge: (_client, seen) => isTold(seen, words),
  });
  const streamed: Ask = client.features.includes('stream') ? 'stream' : 'text';
  switch (feature) {
    case 'text':
    case 'responses':
      return answered(feature);
    case 'stream':
    case 'responses stream':
      return { ...answered(feature), judge: isStreamed };
    case 'tools':
      return fault({ callTool: client.toolName ?? '' }, 1, hasCalledTool, 'tools');
    case 'models':
      return { ...answered('models'), judge: (_client, { outcome }) => failureOf(outcome) };
    case 'operations':
      return { ...answered('operations'), judge: (_client, { outcome }) => failureOf(outcome) };
    case 'embeddings':
      return { ...answered('embeddings'), judge: hasVectors };
    case 'wrong key':
      return refused(`sk-or-v1-${'0'.repeat(64)}`, /401|unauthor|authent|not found|invalid.*key/i);
    case 'spent key':
      return refused(stage.spentKey, /limit|402|credit/i);
    case '429 once':
      return fault(
        { status: 429, headers: { 'retry-after': '1' } },
        1,
        client.leaves429 === true ? isAnsweredOrTold : isAnswered,
      );
    case '503 once':
      return fault({ status: 503 }, 1, isAnsweredOrTold);
    case '529 twice':
      return fault({ status: 529 }, 2, isAnsweredOrTold);
    case 'cut once':
      return fault({ truncateAfterChunks: 3 }, 1, isWholeOrTold, streamed);
    case 'quick start':
      return {
        ...answered('text'),
        judge: (self, seen) =>
          isAnswered(self, seen) ??
          (seen.asked.some(({ status }) => status !== null && status >= 400)
            ? `a request failed: ${seen.asked.map(({ path, status }) => `${path} ${status}`).join(', ')}`
            : null),
      };
  }
}

function failureOf({ code, stderr, stdout }: Outcome): string | null {
  if (code === 0) return null;
  return `${code === null ? 'not done in time' : `ended with ${code}`}: ${lastWords(stderr || stdout)}`;
}

export function isAnswered(
  _client: Client,
  { outcome, marker }: Pick<Seen, 'outcome' | 'marker'>,
): string | null {
  const failure = failureOf(outcome);
  if (failure !== null) return failure;
  return outcome.stdout.includes(marker) ? null : `answered otherwise: ${lastWords(outcome.stdout)}`;
}

function isStreamed(client: Client, seen: Seen): string | null {
  const failure = isAnswered(client, seen);
  if (failure !== null) return failure;
  const pieces = Number(/"pieces": ?(\d+)/.exec(seen.outcome.stdout)?.[1] ?? 0);
  return pieces > 1 ? null : `came in ${pieces} pieces`;
}

function hasCalledTool(client: Client, seen: Seen): string | null {
  const failure = isAnswered(client, seen);
  if (failure !== null) return failure;
  const isBack = seen.upstream.some(({ body }) => JSON.stringify(body).includes('"role":"tool"'));
  return isBack ? null : `no result of a tool came back; offered were ${toolsOf(seen.upstream[0]?.body)}`;
}

function toolsOf(body: unknown): string {
  const names = JSON.stringify(body ?? {}).matchAll(/"function":\{"name":"([^"]+)/g);
  return [...names].map(([, name]) => name).join(', ');
}

function hasVectors(_client: Client, { outcome }: Seen): string | null {
  return (
    failureOf(outcome) ??
    (/"vectors": ?2, ?"dimensions": ?[1-9]/.test(outcome.stdout)
      ? null
      : `vectors are ${lastWords(outcome.stdout)}`)
  );
}

/** The user reads why. Some agents end with 0 all the same. */
export function isTold({ outcome, marker }: Pick<Seen, 'outcome' | 'marker'>, words: RegExp): string | null {
  if (outcome.code === null) return 'not done in time';
  if (outcome.code === 0 && outcome.stdout.includes(marker)) return 'was answered';
  const told = `${outcome.stdout}\n${outcome.stderr}`;
  return words.test(told) ? null : `the user reads: ${lastWords(told)}`;
}

function isAnsweredOrTold(client: Client, seen: Seen): string | null {
  return isAnswered(client, seen) === null ? null : isTold(seen, /./);
}

function isWholeOrTold(client: Client, seen: Seen): string | null {
  if (isAnswered(client, seen) === null) return null;
  if (seen.outcome.code === null) return 'not done in time';
  if (seen.outcome.code !== 0 || client.isBlindToCuts === true) return null;
  return /error|incomplete|interrupt|disconnect/i.test(seen.outcome.stdout + seen.outcome.stderr)
    ? null
    : `a cut answer passed for a whole one: ${lastWords(seen.outcome.stdout)}`;
}

/** Files of this run, whose names tell nobody anything. */
const TEMPORARY = /\/(?:tmp|var)\/\S+/g;
const WORDS_SHOWN = 180;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of terminals.
const COLOURS = /\u001b\[[0-9;?]*[a-zA-Z]/g;
/** What our own messages say comes before what a client makes of them. */
const TELLING = [/invalid api key|key limit|provider returned|overloaded/i, /error|failed/i];

/** Of a client's output, the line that tells its user of a failure, or the last words. */
export function complaint({ stdout, stderr }: Outcome): string {
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => !/^\W*warning/i.test(line));
  const telling = TELLING.map((words) => lines.find((line) => words.test(line)));
  const line = telling.find((found) => found !== undefined);
  return line === undefined ? lastWords(stderr || stdout) : shorten(line, 'start');
}

export function lastWords(text: string): string {
  return shorten(text, 'end');
}

function shorten(text: string, kept: 'start' | 'end'): string {
  const line = text.replaceAll(COLOURS, '').replaceAll(TEMPORARY, '…').replaceAll(/\s+/g, ' ').trim();
  if (line.length <= WORDS_SHOWN) return line;
  return kept === 'start' ? `${line.slice(0, WORDS_SHOWN)}…` : `…${line.slice(-WORDS_SHOWN)}`;
}
