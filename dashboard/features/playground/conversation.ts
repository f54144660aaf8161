/** A conversation with several models at once: who asks says it once, and each has an answer of its own. No I/O. */
import type { Answer } from './answer.ts';
import type { Settings } from './settings.ts';

export interface Turn {
  readonly id: string;
  /** Null: nobody said anything, the results of tools alone went back. */
  readonly text: string | null;
  /** `data:` addresses. */
  readonly pictures: readonly string[];
  /** By the model's id. */
  readonly answers: Readonly<Record<string, Answer>>;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** As it is sent for one model: `turns` up to the one that it is to answer, which is the last. */
export function bodyOf(model: string, settings: Settings, turns: readonly Turn[]): JsonObject {
  const { system, temperature, topP, maxTokens, effort, order, sort, fallbacks } = settings;
  const provider = {
    ...(order.length === 0 ? {} : { order }),
    ...(sort === '' ? {} : { sort }),
    ...(fallbacks ? {} : { allow_fallbacks: false }),
  };
  const tools = toolsOf(settings.tools);
  return {
    model,
    messages: [
      ...(system.trim() === '' ? [] : [{ role: 'system', content: system }]),
      ...turns.flatMap((turn, at) => messagesOf(turn, at === turns.length - 1 ? null : model)),
    ],
    ...(temperature === null ? {} : { temperature }),
    ...(topP === null ? {} : { top_p: topP }),
    ...(maxTokens === null ? {} : { max_tokens: maxTokens }),
    ...(effort === '' ? {} : { reasoning: { effort } }),
    ...(Object.keys(provider).length === 0 ? {} : { provider }),
    ...(tools === null || tools.length === 0 ? {} : { tools }),
    stream: true,
  };
}

/** `model` null: without the answer, which is asked for. One that joined later reads what another had answered. */
function messagesOf(turn: Turn, model: string | null): readonly JsonObject[] {
  const asked = turn.text === null ? [] : [{ role: 'user', content: contentOf(turn) }];
  if (model === null) return asked;
  const answer = turn.answers[model] ?? (turn.text === null ? undefined : Object.values(turn.answers)[0]);
  if (answer === undefined || (answer.text === '' && answer.toolCalls.length === 0)) return asked;
  if (answer.toolCalls.length === 0) return [...asked, { role: 'assistant', content: answer.text }];
  return [
    ...asked,
    {
      role: 'assistant',
      content: answer.text === '' ? null : answer.text,
      tool_calls: answer.toolCalls.map(({ id, name, argumentsText }) => ({
        ...{ id, type: 'function', function: { name, arguments: argumentsText } },
      })),
    },
    ...answer.toolCalls.map(({ id, result }) => ({ role: 'tool', tool_call_id: id, content: result })),
  ];
}

function contentOf({ text, pictures }: Turn): string | readonly JsonObject[] {
  if (pictures.length === 0) return text ?? '';
  return [
    ...(text === null || text === '' ? [] : [{ type: 'text', text }]),
    ...pictures.map((url) => ({ type: 'image_url', image_url: { url } })),
  ];
}

/** Null: it is no list of tools. */
export function toolsOf(text: string): readonly unknown[] | null {
  if (text.trim() === '') return [];
  try {
    const tools: unknown = JSON.parse(text);
    return Array.isArray(tools) ? tools : null;
  } catch {
    return null;
  }
}
