/** The thread in which patterns are made and matched that would hold up requests. */
import { patternProblem } from '../../policy/pattern.ts';
import { Beginning } from './beginning.ts';
import { Matching } from './matching.ts';
import type { PatternReplies, PatternReply, PatternRequest } from './protocol.ts';

declare const self: Worker;

/** Made ones are kept for what comes next, at up to some MiB each. */
const MOST_KEPT = 64;
const kept = new Map<string, Matching | Beginning>();

function keptOf<T extends Matching | Beginning>(name: string, make: () => T): T {
  const found = (kept.get(name) as T | undefined) ?? make();
  kept.delete(name);
  kept.set(name, found);
  for (const oldest of kept.keys()) {
    if (kept.size <= MOST_KEPT) break;
    kept.delete(oldest);
  }
  return found;
}

function answer(request: PatternRequest): PatternReplies[PatternRequest['kind']] {
  switch (request.kind) {
    case 'find': {
      const { source, text, from, to, isEnd } = request;
      return keptOf(`find ${source}`, () => new Matching(source)).in(text, from, to, isEnd);
    }
    case 'begins': {
      const { patterns, text, from } = request;
      return keptOf(`begins ${JSON.stringify(patterns)}`, () => new Beginning(patterns)).firstIn(text, from);
    }
    case 'problem':
      return patternProblem(request.source);
  }
}

self.onmessage = ({ data }: MessageEvent<PatternRequest>) => {
  let reply: PatternReply;
  try {
    reply = { value: answer(data) };
  } catch {
    reply = { failed: true };
  }
  self.postMessage(reply);
};
