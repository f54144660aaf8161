/** The conversation's state: asks, stops, asks again, changes and forgets. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError } from '../../shared/api/request.ts';
import { type Answer, type Chunk, type Failure, newAnswer, withChunk } from './answer.ts';
import { findCost } from './api/find-cost.ts';
import { bodyOf, type Turn } from './conversation.ts';
import type { Settings } from './settings.ts';
import { streamChat } from './stream-chat.ts';

/** Chunks are shown together: faster than this nobody reads, and each showing costs a layout. */
const SHOWN_EVERY_MS = 50;

export interface Asking {
  readonly models: readonly string[];
  readonly keyHash: string;
  readonly settings: Settings;
}

export interface Conversation {
  readonly turns: readonly Turn[];
  readonly isRunning: boolean;
  readonly send: (asking: Asking, text: string, pictures: readonly string[]) => void;
  /** What comes after the turn stays. */
  readonly retry: (asking: Asking, turnId: string, model: string) => void;
  /** What comes after the turn answered another question, and goes. */
  readonly askAgain: (asking: Asking, turnId: string, text: string) => void;
  readonly sendResults: (asking: Asking, turnId: string, model: string) => void;
  readonly changeAnswer: (turnId: string, model: string, change: (answer: Answer) => Answer) => void;
  readonly changeText: (turnId: string, text: string) => void;
  readonly remove: (turnId: string) => void;
  readonly clear: () => void;
  readonly stop: () => void;
}

export function useConversation(kept: readonly Turn[]): Conversation {
  const [turns, setTurns] = useState(kept);
  const [running, setRunning] = useState(0);
  const latest = useRef(turns);
  const aborts = useRef(new Set<AbortController>());

  const update = useCallback((change: (turns: readonly Turn[]) => readonly Turn[]) => {
    latest.current = change(latest.current);
    setTurns(latest.current);
  }, []);
  const changeAnswer = useCallback<Conversation['changeAnswer']>(
    (turnId, model, change) =>
      update((all) =>
        all.map((turn) => {
          const answer = turn.answers[model];
          if (turn.id !== turnId || answer === undefined) return turn;
          return { ...turn, answers: { ...turn.answers, [model]: change(answer) } };
        }),
      ),
    [update],
  );
  const stop = useCallback(() => {
    for (const abort of aborts.current) abort.abort();
  }, []);
  // Whoever leaves the page would pay for what nobody reads.
  useEffect(() => stop, [stop]);

  async function run({ keyHash, settings }: Asking, turnId: string, model: string): Promise<void> {
    const at = latest.current.findIndex(({ id }) => id === turnId);
    if (at === -1) return;
    const body = bodyOf(model, settings, latest.current.slice(0, at + 1));
    update((all) =>
      all.map((turn) =>
        turn.id === turnId ? { ...turn, answers: { ...turn.answers, [model]: newAnswer(keyHash) } } : turn,
      ),
    );
    const abort = new AbortController();
    aborts.current.add(abort);
    setRunning(aborts.current.size);
    const startedAt = performance.now();
    const change = (apply: (answer: Answer) => Answer) => changeAnswer(turnId, model, apply);
    const shown = batched((chunks) =>
      change((answer) =>
        chunks.reduce((grown, [chunk, sinceMs]) => withChunk(grown, chunk, sinceMs), answer),
      ),
    );
    let generationId: string | null = null;
    const end = (apply: (answer: Answer) => Answer) => {
      shown.flush();
      change((answer) => ({ ...apply(answer), totalMs: performance.now() - startedAt }));
    };
    try {
      await streamChat(keyHash, body, abort.signal, {
        begun: (id) => {
          generationId = id;
          change((answer) => ({ ...answer, generationId: id }));
        },
        chunk: (chunk) => shown.add([chunk, performance.now() - startedAt]),
      });
      end(withEnd);
    } catch (thrown) {
      const wasStopped = abort.signal.aborted;
      end((answer) =>
        wasStopped
          ? { ...answer, status: 'stopped' }
          : { ...answer, status: 'failed', failure: failureOf(thrown) },
      );
      if (generationId !== null) void billLater(keyHash, generationId, change);
    } finally {
      aborts.current.delete(abort);
      setRunning(aborts.current.size);
    }
  }

  const runAll = (asking: Asking, turnId: string, models: readonly string[]) => {
    for (const model of models) void run(asking, turnId, model);
  };
  const append = (turn: Omit<Turn, 'id' | 'answers'>): string => {
    const id = crypto.randomUUID?.() ?? String(Math.random());
    update((all) => [...all, { ...turn, id, answers: {} }]);
    return id;
  };
  return {
    turns,
    isRunning: running > 0,
    send: (asking, text, pictures) => runAll(asking, append({ text, pictures }), asking.models),
    retry: (asking, turnId, model) => void run(asking, turnId, model),
    askAgain: (asking, turnId, text) => {
      stop();
      update((all) => {
        const at = all.findIndex(({ id }) => id === turnId);
        return all
          .slice(0, at + 1)
          .map((turn) => (turn.id === turnId ? { ...turn, text, answers: {} } : turn));
      });
      runAll(asking, turnId, asking.models);
    },
    sendResults: (asking, turnId, model) => {
      const at = latest.current.findIndex(({ id }) => id === turnId);
      const next = latest.current[at + 1];
      const id = next !== undefined && next.text === null ? next.id : append({ text: null, pictures: [] });
      void run(asking, id, model);
    },
    changeAnswer,
    changeText: (turnId, text) =>
      update((all) => all.map((turn) => (turn.id === turnId ? { ...turn, text } : turn))),
    remove: (turnId) => update((all) => all.filter(({ id }) => id !== turnId)),
    clear: () => {
      stop();
      update(() => []);
    },
    stop,
  };
}

type Timed = readonly [chunk: Chunk, sinceMs: number];

/** By a timer: a browser draws no frames in a tab that nobody sees, and the answer goes on. */
function batched(show: (chunks: readonly Timed[]) => void) {
  let waiting: Timed[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const chunks = waiting;
    waiting = [];
    if (chunks.length > 0) show(chunks);
  };
  return {
    flush,
    add: (chunk: Timed) => {
      waiting.push(chunk);
      timer ??= setTimeout(flush, SHOWN_EVERY_MS);
    },
  };
}

/** A stream may end without having said so, where something between here and the gateway cut it off. */
function withEnd(answer: Answer): Answer {
  if (answer.failure !== null) return answer;
  if (answer.finishReason !== null) return { ...answer, status: 'done' };
  const failure: Failure = {
    ...{ message: 'The answer broke off before its end.', code: 'broken_off', status: 0 },
    retryAfterSeconds: null,
  };
  return { ...answer, status: 'failed', failure };
}

function failureOf(thrown: unknown): Failure {
  if (thrown instanceof ApiError) {
    const { message, code, status, retryAfterSeconds } = thrown;
    return { message, code, status, retryAfterSeconds };
  }
  return {
    ...{ message: 'The connection to the gateway was lost.', code: 'unreachable', status: 0 },
    retryAfterSeconds: null,
  };
}

async function billLater(
  keyHash: string,
  generationId: string,
  change: (apply: (answer: Answer) => Answer) => void,
): Promise<void> {
  const bill = await findCost(keyHash, generationId).catch(() => null);
  if (bill === null) return;
  change((answer) =>
    // Asked again meanwhile, it is another answer.
    answer.generationId === generationId
      ? { ...answer, usage: bill.usage, provider: answer.provider ?? bill.provider }
      : answer,
  );
}
