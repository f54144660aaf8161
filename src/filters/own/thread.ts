/**
 * The thread for patterns that would hold up requests, started when one is first met. One piece of text after another: of two requests
 * with costly patterns each has its turn.
 */
import { moduleUrl } from '../../program.ts';
import type { PatternReplies, PatternReply, PatternRequest } from './protocol.ts';

/** A piece that takes longer counts as not looked at. */
const MOST_MS = 10_000;
/** At some 12 KB each. */
const MOST_WAITING = 1000;

interface Job {
  readonly request: PatternRequest;
  readonly resolve: (value: PatternReplies[PatternRequest['kind']]) => void;
  readonly reject: (error: Error) => void;
}

export class PatternThread {
  #worker: Worker | null = null;
  #running: Job | null = null;
  readonly #waiting: Job[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #mostMs: number;

  constructor(mostMs = MOST_MS) {
    this.#mostMs = mostMs;
  }

  /** Rejects where it takes too long, too much waits already, or it goes wrong; never with anything of the pattern or the text. */
  ask<Request extends PatternRequest>(request: Request): Promise<PatternReplies[Request['kind']]> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= MOST_WAITING) {
        reject(new Error('too much waits for the thread of patterns'));
        return;
      }
      this.#waiting.push({ request, resolve: resolve as Job['resolve'], reject });
      this.#next();
    });
  }

  #next(): void {
    if (this.#running !== null) return;
    const job = this.#waiting.shift() ?? null;
    if (job === null) {
      // Alone it is no reason for the process to stay.
      this.#worker?.unref();
      return;
    }
    this.#running = job;
    this.#worker ??= this.#start();
    this.#worker.ref();
    this.#timer = setTimeout(() => this.#giveUp('a pattern took too long'), this.#mostMs);
    this.#worker.postMessage(job.request);
  }

  #start(): Worker {
    const worker = new Worker(moduleUrl(new URL('./pattern-worker.ts', import.meta.url)));
    worker.onmessage = ({ data }: MessageEvent<PatternReply>) => {
      if (worker === this.#worker) this.#answered(data);
    };
    worker.onerror = () => {
      if (worker === this.#worker) this.#giveUp('the thread of patterns failed');
    };
    return worker;
  }

  #answered(reply: PatternReply): void {
    const job = this.#ended();
    if ('failed' in reply) job?.reject(new Error('a pattern could not be matched'));
    else job?.resolve(reply.value);
    this.#next();
  }

  /** Nobody can interrupt a match: the thread goes with it, and the next one begins anew. */
  #giveUp(why: string): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#ended()?.reject(new Error(why));
    this.#next();
  }

  #ended(): Job | null {
    clearTimeout(this.#timer);
    const job = this.#running;
    this.#running = null;
    return job;
  }
}

export const patternThread = new PatternThread();
