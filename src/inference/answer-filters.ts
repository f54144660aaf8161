/**
 * The one place at which the content filters of a key look at an answer: as typed parts, before its dialect writes them. A key with
 * none costs one comparison a request, and its answers are relayed as they are.
 */
import type { ChatAnswer } from '../chat/answer.ts';
import type { ChatEvent } from '../chat/event.ts';
import type { AnswerEncoder } from '../dialects/dialect.ts';
import { TurnpikeError, toTurnpikeError } from '../errors.ts';
import { AnswerEvents } from '../filters/answer-events.ts';
import { filterChoices } from '../filters/answer-parts.ts';
import { type CompiledFilters, compileFilters } from '../filters/compile.ts';
import { blockedLabel } from '../filters/filter.ts';
import { type FilterReport, Tally } from '../filters/outcome.ts';
import { goOn, type Work } from '../filters/work.ts';
import type { JsonObject } from '../json.ts';
import type { ContentFilter, Policy } from '../policy/policy.ts';
import type { Bill } from '../pricing/cost.ts';
import { addStages } from './router-metadata.ts';

/** Null, for nearly every key: none looks at answers. */
export function answerFiltersOf({
  policy = null,
}: {
  readonly policy?: Policy | null;
}): CompiledFilters | null {
  return policy === null || policy.answerFilters.length === 0 ? null : compileFilters(policy.answerFilters);
}

export interface FilteredAnswer {
  readonly answer: ChatAnswer;
  readonly report: FilterReport;
  /** Why it may not be told, though it was paid for; null: it may. */
  readonly refusal: TurnpikeError | null;
}

/** Never rejects: whatever becomes of it, the answer was paid for and has to be settled. */
export async function filteredAnswer(
  compiled: CompiledFilters,
  answer: ChatAnswer,
  generationId: string,
): Promise<FilteredAnswer> {
  let looked: FilteredAnswer;
  try {
    looked = await lookedThrough(compiled, answer);
  } catch (thrown) {
    looked = { answer, report: nothingLookedAt(compiled), refusal: toTurnpikeError(thrown) };
  }
  const { refusal } = looked;
  if (refusal === null) return looked;
  // It is on record as a request that was answered, under this id.
  refusal.onRecord = true;
  Object.assign(refusal.headers, { 'x-generation-id': generationId });
  return looked;
}

async function lookedThrough(compiled: CompiledFilters, answer: ChatAnswer): Promise<FilteredAnswer> {
  if (answer.form === 'native') throw new Error('an answer that is looked through came untyped');
  const { choices, filtered } = await filterChoices(compiled, answer.choices);
  const { blocked, hasFailed, report } = filtered;
  const refusal = blocked !== null ? blockedAnswer(blocked.filter) : hasFailed ? notLookedAt(report) : null;
  return { answer: { ...answer, choices }, report, refusal };
}

function nothingLookedAt(compiled: CompiledFilters): FilterReport {
  const tally = new Tally(compiled);
  for (const [at, { skipped }] of compiled.filters.entries()) if (skipped === null) tally.failed(at);
  return tally.report(compiled);
}

function blockedAnswer(filter: ContentFilter): TurnpikeError {
  return new TurnpikeError('content_blocked', {
    message: `Answer blocked by content filter: ${blockedLabel(filter)}`,
  });
}

function notLookedAt({ failed }: FilterReport): TurnpikeError {
  return new TurnpikeError('unavailable', {
    message: 'A content filter could not look at this answer; it was not sent on',
    detail: `content filters failed on an answer: ${failed.map(({ filter }) => filter).join(', ')}`,
  });
}

/** An answer that its filters do not let go on. */
export class AnswerRefused extends Error {
  /** What may be told of it before that. */
  readonly frames: string;
  readonly refusal: TurnpikeError;

  constructor(frames: string, refusal: TurnpikeError) {
    super(refusal.message);
    this.frames = frames;
    this.refusal = refusal;
  }
}

/**
 * Writes an answer of which its filters have seen every text. What takes long is done in turns: as long as it is `busy`, `goOn` has to be
 * called in a turn of its own, and nothing else before.
 */
export class FilteringEncoder implements AnswerEncoder {
  readonly #encoder: AnswerEncoder;
  readonly #compiled: CompiledFilters;
  readonly #tally: Tally;
  readonly #events: AnswerEvents;
  /** Where the caller asked to see what routing did. */
  readonly #routing: JsonObject | undefined;
  /** The looking that is not done yet; null: there is none. */
  #work: Work<void> | null = null;
  #waitsFor: Promise<void> | null = null;
  /** What may go on, and was not given yet. */
  #out: ChatEvent[] = [];

  constructor(encoder: AnswerEncoder, compiled: CompiledFilters, routing: JsonObject | undefined) {
    this.#encoder = encoder;
    this.#compiled = compiled;
    this.#tally = new Tally(compiled);
    this.#events = new AnswerEvents(compiled, this.#tally);
    this.#routing = routing;
  }

  /** What the filters did with what was written. Asked once, before the last frames. */
  close(): FilterReport {
    const report = this.#tally.report(this.#compiled);
    if (this.#routing !== undefined) addStages(this.#routing, report);
    return report;
  }

  upstreamBody(body: JsonObject): string {
    return this.#encoder.upstreamBody(body);
  }

  get busy(): boolean {
    return this.#work !== null;
  }

  /** While it is busy: until when it has nothing to do; null: it may go on as soon as others had their turn. */
  get waitsFor(): Promise<void> | null {
    return this.#waitsFor;
  }

  /** Throws `AnswerRefused`, as all that gives frames but `finish` and `fail`. */
  events(events: readonly ChatEvent[]): string {
    this.#work = this.#events.push(events, this.#out);
    return this.goOn();
  }

  /** Nothing more comes: what still waits. */
  end(): string {
    this.#work = this.#events.end(this.#out);
    return this.goOn();
  }

  goOn(): string {
    if (this.#work !== null) {
      const turn = goOn(this.#work);
      if (turn.isDone) this.#work = null;
      this.#waitsFor = turn.isDone ? null : turn.wait;
    }
    const out = this.#out.splice(0);
    const refusal = this.#refusal;
    if (refusal !== null) this.#work = null;
    const frames = out.length === 0 ? '' : this.#encoder.events(out);
    if (refusal !== null) throw new AnswerRefused(frames, refusal);
    return frames;
  }

  cutOff(): string {
    return this.#encoder.cutOff();
  }

  finish(bill: Bill): string {
    return this.#encoder.finish(bill);
  }

  fail(error: TurnpikeError): string {
    return this.#encoder.fail(error);
  }

  get #refusal(): TurnpikeError | null {
    const { blocking, hasFailed } = this.#tally;
    // While filters go on looking, more may come that is told before the refusal.
    if (blocking !== null) return this.#work === null ? blockedAnswer(blocking) : null;
    return hasFailed ? notLookedAt(this.#tally.report(this.#compiled)) : null;
  }
}
