/** The filters of a policy on a whole answer: the same that they make of it streamed. */
import type { AnswerChoice } from '../chat/answer.ts';
import type { Part } from '../chat/prompt.ts';
import { type TextGroup, textsIn } from '../chat/texts.ts';
import { type Filtered, filterTexts } from './apply.ts';
import type { CompiledFilters } from './compile.ts';

export interface FilteredChoices {
  readonly choices: readonly AnswerChoice[];
  readonly filtered: Filtered;
}

export async function filterChoices(
  compiled: CompiledFilters,
  choices: readonly AnswerChoice[],
): Promise<FilteredChoices> {
  const groups: TextGroup[] = [];
  const mayShowTokens = compiled.filters.every(({ filter }) => filter.action === 'flag');
  const copies = choices.map((choice) => {
    const parts = choice.parts.map((part): Part => ({ ...part }));
    for (const part of parts) groups.push(textsOfPart(part));
    return { ...choice, parts, logprobs: mayShowTokens ? choice.logprobs : null };
  });
  const filtered = await filterTexts(
    compiled,
    groups.filter((group) => group.length > 0),
  );
  const told = copies.map((copy, at) => ({
    ...copy,
    parts: copy.parts.map((part, place) => withoutSignature(part, choices[at]?.parts[place])),
  }));
  return { choices: told, filtered };
}

function textsOfPart(part: Part): TextGroup {
  switch (part.type) {
    case 'text':
    case 'refusal':
    case 'reasoning':
      return slotOf(part, 'text', 'text', part.text);
    case 'tool-call':
      return slotOf(part, 'argumentsJson', 'json', part.argumentsJson);
    case 'opaque':
      return textsIn(part.value);
    default:
      return [];
  }
}

function slotOf(part: Part, key: string, kind: 'text' | 'json', text: string): TextGroup {
  return text === ''
    ? []
    : [{ holder: part as unknown as Record<string, unknown>, key, writer: 'assistant', kind }];
}

/** A signature is of the words as they were. */
function withoutSignature(part: Part, before: Part | undefined): Part {
  if (part.type !== 'reasoning' || before?.type !== 'reasoning' || part.text === before.text) return part;
  const { signature: _, ...rest } = part;
  return rest;
}
