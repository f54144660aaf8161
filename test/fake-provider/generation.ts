// Decides what the model "says": each choice as a list of pieces, one completion token a piece.
import type { Behaviour } from './faults.ts';
import { asObject } from './json.ts';
import type { CompletionRequest, Tool } from './request.ts';
import { sampleOf } from './schema-sample.ts';
import { type TrueUsage, wordsOf } from './tokens.ts';

export type Piece =
  | { readonly kind: 'reasoning' | 'text'; readonly text: string }
  | { readonly kind: 'tool-start'; readonly toolIndex: number; readonly id: string; readonly name: string }
  | { readonly kind: 'tool-arguments'; readonly toolIndex: number; readonly text: string };

export interface Choice {
  readonly index: number;
  readonly pieces: readonly Piece[];
  readonly finishReason: string;
}

export interface Generation {
  readonly choices: readonly Choice[];
  readonly usage: TrueUsage;
  readonly wasMaxTokensIgnored: boolean;
}

export const DEFAULT_REASONING_CHUNKS = 4;
const TOOL_FRAGMENT_LENGTH = 8;

function calledTools(request: CompletionRequest, behaviour: Behaviour, text: string): readonly Tool[] {
  const { tools, toolChoice } = request;
  if (behaviour.callTool !== undefined) return tools.filter((tool) => tool.name === behaviour.callTool);
  if (toolChoice === 'none' || tools.length === 0) return [];
  if (typeof toolChoice === 'object') return tools.filter((tool) => tool.name === toolChoice.name);
  const mentioned = request.isLastFromUser ? tools.filter((tool) => text.includes(tool.name)) : [];
  return mentioned.length === 0 && toolChoice === 'required' ? tools.slice(0, 1) : mentioned;
}

function toolPieces(tools: readonly Tool[], requestId: string): Piece[] {
  return tools.flatMap((tool, toolIndex): Piece[] => {
    const json = JSON.stringify(sampleOf({ type: 'object', ...tool.parameters }));
    const fragments: Piece[] = [];
    for (let at = 0; at < json.length; at += TOOL_FRAGMENT_LENGTH) {
      const text = json.slice(at, at + TOOL_FRAGMENT_LENGTH);
      fragments.push({ kind: 'tool-arguments', toolIndex, text });
    }
    return [
      { kind: 'tool-start', toolIndex, id: `call_${requestId}_${toolIndex}`, name: tool.name },
      ...fragments,
    ];
  });
}

function spokenText(request: CompletionRequest, text: string): string {
  switch (request.responseFormat.type) {
    case 'json_schema':
      return JSON.stringify(sampleOf(asObject(asObject(request.responseFormat.json_schema).schema)));
    case 'json_object':
      return '{"ok":true}';
    default:
      return text;
  }
}

function textPieces(request: CompletionRequest, behaviour: Behaviour, text: string): Piece[] {
  const texts = wordsOf(spokenText(request, text));
  if (texts.length === 0) texts.push('Hello.');
  if (behaviour.chunks !== undefined || behaviour.chunkText !== undefined) {
    const { chunks = 1, chunkText } = behaviour;
    texts.length = 0;
    for (let n = 0; n < chunks; n += 1) texts.push(chunkText ?? `word${n} `);
  }
  if (behaviour.bigChunkBytes !== undefined) texts[0] = 'x'.repeat(behaviour.bigChunkBytes);
  return texts.map((word) => ({
    kind: 'text',
    text: behaviour.splitUtf8 === true && !/[^\p{ASCII}]/u.test(word) ? `${word}é🚀` : word,
  }));
}

/** Cuts the text where the first stop sequence starts. */
function stopPieces(pieces: readonly Piece[], stop: readonly string[]): readonly Piece[] {
  if (stop.length === 0) return pieces;
  const whole = pieces.map((piece) => (piece.kind === 'text' ? piece.text : '')).join('');
  const found = stop.map((text) => whole.indexOf(text)).filter((at) => at >= 0);
  if (found.length === 0) return pieces;
  let room = Math.min(...found);
  const kept: Piece[] = [];
  for (const piece of pieces) {
    if (piece.kind !== 'text') kept.push(piece);
    else if (room > 0) {
      kept.push({ kind: 'text', text: piece.text.slice(0, room) });
      room -= piece.text.length;
    }
  }
  return kept;
}

/** `text` is the last user message without its directive. Every choice says the same. */
export function generate(
  request: CompletionRequest,
  behaviour: Behaviour,
  text: string,
  requestId: string,
): Generation {
  const reasoningChunks =
    behaviour.reasoningChunks ?? (request.model.includes('reason') ? DEFAULT_REASONING_CHUNKS : 0);
  const reasoning = Array.from(
    { length: reasoningChunks },
    (_, n): Piece => ({
      kind: 'reasoning',
      text: `thought${n} `,
    }),
  );
  const tools = toolPieces(calledTools(request, behaviour, text), requestId);
  const spoken = tools.length > 0 ? tools : stopPieces(textPieces(request, behaviour, text), request.stop);
  const wanted = [...reasoning, ...spoken];
  const isOverLimit = request.maxTokens !== undefined && wanted.length > request.maxTokens;
  const wasMaxTokensIgnored = isOverLimit && behaviour.ignoreMaxTokens === true;
  const isCut = isOverLimit && !wasMaxTokensIgnored;
  const pieces = isCut ? wanted.slice(0, Math.max(0, request.maxTokens ?? 0)) : wanted;
  const natural = isCut ? 'length' : tools.length > 0 ? 'tool_calls' : 'stop';

  const choices = Array.from({ length: request.choiceCount }, (_, index) => ({
    index,
    pieces,
    finishReason: behaviour.finishReason ?? natural,
  }));
  return {
    choices,
    usage: {
      promptTokens: request.promptTokens,
      completionTokens: pieces.length * request.choiceCount,
      reasoningTokens: Math.min(reasoning.length, pieces.length) * request.choiceCount,
      cachedTokens: Math.min(behaviour.cachedTokens ?? 0, request.promptTokens),
    },
    wasMaxTokensIgnored,
  };
}
