/** A whole answer as a response. */
import type { AnswerChoice, ChatAnswer } from '../../chat/answer.ts';
import type { BlockHead, ChatEvent } from '../../chat/event.ts';
import type { Part } from '../../chat/prompt.ts';
import type { JsonObject } from '../../json.ts';
import type { Bill } from '../../pricing/cost.ts';
import type { AnswerHead } from '../dialect.ts';
import { Output } from './output.ts';
import { outcomeOf, relayedResponse, responseJson } from './response.ts';

export function wholeResponse(head: AnswerHead, answer: ChatAnswer, bill: Bill): JsonObject {
  if (answer.form === 'native') return relayedResponse(head, answer.body, bill);
  // Told to nobody, it comes to the same items as a stream.
  const output = new Output(head, () => {});
  const [choice] = answer.choices;
  if (choice !== undefined) output.add(eventsOf(choice));
  output.close(answer.finishReason);
  const { serviceTier } = answer;
  return responseJson(head, { ...outcomeOf(answer.finishReason), output: output.items, serviceTier, bill });
}

function eventsOf({ parts, logprobs }: AnswerChoice): ChatEvent[] {
  const events: ChatEvent[] = [];
  const quoted = parts.findIndex(({ type }) => type === 'text');
  for (const [block, part] of parts.entries()) {
    const head = headOf(part);
    if (head === null) continue;
    const text = textOf(part);
    events.push({ type: 'block-start', choice: 0, block, part: head });
    if (text !== '') events.push({ type: 'delta', choice: 0, block, text });
    if (block === quoted && logprobs !== null) events.push({ type: 'logprobs', choice: 0, value: logprobs });
    const signature = part.type === 'reasoning' ? part.signature : undefined;
    events.push({
      type: 'block-end',
      choice: 0,
      block,
      ...(signature === undefined ? {} : { signature }),
    });
  }
  return events;
}

/** Null: no answer holds such a part. */
function headOf(part: Part): BlockHead | null {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return { type: part.type };
    case 'reasoning': {
      const { format, id, redacted } = part;
      return {
        type: 'reasoning',
        ...(format === undefined ? {} : { format }),
        ...(id === undefined ? {} : { id }),
        ...(redacted === undefined ? {} : { redacted }),
      };
    }
    case 'tool-call': {
      const { id, name, extra } = part;
      return { type: 'tool-call', id, name, ...(extra === undefined ? {} : { extra }) };
    }
    case 'opaque':
      return part;
    default:
      return null;
  }
}

function textOf(part: Part): string {
  if (part.type === 'tool-call') return part.argumentsJson;
  return part.type === 'text' || part.type === 'refusal' || part.type === 'reasoning' ? part.text : '';
}
