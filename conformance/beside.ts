/** The features that are played twice, against a vendor and through Turnpike in front of it, and what makes the second as good as the first. */
import type { Beside, Client } from './client.ts';
import { isAnswered, isTold } from './features.ts';
import type { Outcome } from './process.ts';
import type { Asked } from './relay.ts';
import type { Received, Turn } from './vendors/vendor.ts';

/** All that is known of one of the two. */
export interface Heard {
  readonly outcome: Outcome;
  /** Of the client, of whichever it was played against. */
  readonly asked: readonly Asked[];
  /** Of the vendor. */
  readonly received: readonly Received[];
  readonly counted: number;
  readonly marker: string;
}

export interface BesidePlay {
  readonly turns: readonly Turn[];
  readonly key: 'right' | 'wrong' | 'spent';
  /** In place of a sentence to repeat. */
  readonly prompt?: string;
  /** A second prompt follows in the same conversation. */
  readonly continues?: boolean;
  /** What is wrong, or null. */
  judge(client: Client, direct: Heard, through: Heard): string | null;
}

const REFUSED_EACH_TIME = 40;

export function besidePlayOf(feature: Beside, client: Client): BesidePlay {
  const call: Turn = { kind: 'call', tool: client.toolName ?? '', input: TOOL_INPUT };
  const refused = (why: 'spent' | 'wrong key'): Turn[] =>
    Array.from({ length: REFUSED_EACH_TIME }, () => ({ kind: 'refusal', why }));
  switch (feature) {
    case 'prompt cache':
      return { turns: [call], key: 'right', continues: true, judge: cachesAlike };
    case 'token count':
      return { turns: [], key: 'right', prompt: '/context', judge: countsAlike };
    case 'vendor: tools':
      return { turns: [call, call], key: 'right', judge: endsAlike };
    case 'vendor: instructions':
      return { turns: [], key: 'right', judge: beginsAlike };
    case 'vendor: 429':
      return { turns: [{ kind: 'refusal', why: 'rate' }], key: 'right', judge: endsAlike };
    case 'vendor: overloaded': {
      const overloaded: Turn = { kind: 'refusal', why: 'overloaded' };
      return { turns: [overloaded, overloaded], key: 'right', judge: endsAlike };
    }
    case 'vendor: cut':
      return { turns: [{ kind: 'cut', afterEvents: CUT_AFTER }], key: 'right', judge: endsAlike };
    case 'vendor: spent':
      return { turns: refused('spent'), key: 'spent', judge: isToldAlike };
    case 'vendor: wrong key':
      return { turns: [], key: 'wrong', judge: isToldAlike };
  }
}

/** In the middle of an answer, after its first words. */
const CUT_AFTER = 9;
/** A file that every machine has. Tools that want nothing take it as nothing. */
const TOOL_INPUT = { file_path: '/etc/hosts' };

const triesOf = ({ asked }: Heard) =>
  asked.filter(({ method, path }) => method === 'POST' || path.includes('/responses')).length;

/** What the vendor answers is answered through Turnpike, too, with no more requests. */
function endsAlike(client: Client, direct: Heard, through: Heard): string | null {
  const problem = through.received.find((one) => one.problem !== null)?.problem;
  if (problem !== undefined && problem !== null) return `the vendor refused: ${problem}`;
  const [before, after] = [isAnswered(client, direct), isAnswered(client, through)];
  if (before === null && after !== null) return `answered by the vendor alone: ${after}`;
  // Where the vendor leaves it without an answer, its tries are no measure.
  return before === null || after !== null ? asManyTries(direct, through) : null;
}

function asManyTries(direct: Heard, through: Heard): string | null {
  const [before, after] = [triesOf(direct), triesOf(through)];
  return after <= before ? null : `${after} requests, where the vendor itself gets ${before}`;
}

function isToldAlike(_client: Client, direct: Heard, through: Heard): string | null {
  return (
    isTold(through, /limit|402|credit|quota|401|unauthor|authent|invalid.*key/i) ??
    asManyTries(direct, through)
  );
}

/** Each request reads from the cache all that the one before it put there or found there, as it does at the vendor. */
function cachesAlike(client: Client, direct: Heard, through: Heard): string | null {
  const failure = endsAlike(client, direct, through);
  if (failure !== null) return failure;
  const [before, after] = [missedOf(direct), missedOf(through)];
  if (before !== null) return `not even the vendor's cache holds: ${before}`;
  if (after !== null) return after;
  return through.received.length === direct.received.length
    ? null
    : `the vendor heard ${through.received.length} requests, and ${direct.received.length} without Turnpike`;
}

function missedOf({ received }: Heard): string | null {
  if (received.length < 2) return `only ${received.length} requests`;
  for (const [at, { usage }] of received.entries()) {
    const before = received[at - 1]?.usage;
    if (before === undefined) continue;
    const held = before.read + before.written;
    if (held === 0 || usage.read !== held)
      return `request ${at + 1} reads ${usage.read} of ${held} bytes from the cache`;
  }
  return null;
}

/** The model is told the same, and given the same tools and the same effort. */
function beginsAlike(client: Client, direct: Heard, through: Heard): string | null {
  const failure = endsAlike(client, direct, through);
  if (failure !== null) return failure;
  const [before, after] = [direct.received[0]?.body ?? {}, through.received[0]?.body ?? {}];
  for (const member of ['tools', 'reasoning', 'text'])
    if (!Bun.deepEquals(before[member], after[member])) return `${member} is another than at the vendor`;
  const [expected, told] = [before, after].map(
    ({ input }) => (input as readonly { readonly content: unknown }[])[0]?.content,
  );
  return Bun.deepEquals(expected, told) ? null : 'the instructions are others than at the vendor';
}

function countsAlike(_client: Client, direct: Heard, through: Heard): string | null {
  const failed = through.asked.find(
    ({ method, status }) => method === 'POST' && status !== null && status >= 400,
  );
  if (failed !== undefined) return `${failed.path} was answered with ${failed.status}`;
  if (direct.counted === 0) return 'nothing was counted';
  return through.counted === direct.counted
    ? null
    : `the vendor counted ${through.counted} prompts, and ${direct.counted} without Turnpike`;
}

export function besideNote(feature: Beside, direct: Heard, through: Heard): string {
  const listOf = (heard: Heard) => {
    const statuses = heard.asked
      .filter(({ method, path }) => method === 'POST' || path.includes('/responses'))
      .map(({ status }) => status ?? 'none');
    return `${statuses.length} (${statuses.length > 16 ? [...new Set(statuses)].join(' ') : statuses.join(' ')})`;
  };
  const both = `${listOf(through)}, at the vendor ${listOf(direct)}, ${through.outcome.seconds.toFixed(1)} s`;
  if (feature !== 'prompt cache') return both;
  const last = through.received.at(-1)?.usage;
  return `${both}; the last request reads ${last?.read} of ${(last?.read ?? 0) + (last?.written ?? 0) + (last?.fresh ?? 0)} bytes`;
}
