/** Recorded events and bodies of Anthropic's API, as an adapter relays them to callers of the same dialect. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChatEvent } from '../../chat/event.ts';
import { FACTS } from './answers.ts';
import type { AnswerCase } from './cases.ts';

/** `name`.jsonl has the events of a stream, and `name`.json, if there is one, the whole answer. */
export function relayedCase(folder: string, name: string): AnswerCase {
  const lines = readFileSync(join(folder, `${name}.jsonl`), 'utf8').trim().split('\n');
  const whole = join(folder, `${name}.json`);
  return {
    name,
    ending: 'finish',
    // Pings are each gateway's own.
    streamed: { native: [lines.filter((line) => !line.includes('"type":"ping"')).map(relayed)] },
    whole: existsSync(whole)
      ? {
          native: {
            ...FACTS,
            form: 'native',
            dialect: 'anthropic-messages',
            body: JSON.parse(readFileSync(whole, 'utf8')),
          },
        }
      : {},
  };
}

function relayed(line: string): ChatEvent {
  return {
    type: 'native',
    dialect: 'anthropic-messages',
    event: JSON.parse(line),
    writtenBytes: 1,
    saysSomething: true,
  };
}
