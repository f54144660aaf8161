/**
 * What a model said, read from an answer as its caller got it: whole, or frame by frame. Each door writes answers in its own form, so
 * there is a reader for each. Nothing here throws: what is not understood says nothing.
 */
import type { DialectName } from '../chat/prompt.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../json.ts';

export interface AnswerCall {
  readonly id: string | null;
  readonly name: string;
  readonly arguments: string;
}

export interface SpokenAnswer {
  /** Of the first choice; null: no text. */
  readonly completion: string | null;
  readonly reasoning: string | null;
  /** Of the other choices, where `n` asked for them. */
  readonly others: readonly string[];
  readonly calls: readonly AnswerCall[];
  /** What the answer itself said went wrong, in mid-stream. */
  readonly error: { readonly status: number; readonly message: string } | null;
}

/** Of an error in a stream that names no status: what a failed provider is, told before the first token. */
const BAD_GATEWAY = 502;

export class AnswerText {
  readonly #read: (text: AnswerText, value: JsonObject) => void;
  readonly #choices = new Map<number, { completion: string; reasoning: string }>();
  readonly #calls = new Map<string, { id: string | null; name: string; arguments: string }>();
  #error: SpokenAnswer['error'] = null;
  #characters = 0;

  constructor(dialect: DialectName) {
    this.#read = READERS[dialect];
  }

  /** How long all of it is. */
  get characters(): number {
    return this.#characters;
  }

  /** Whole frames, as they went to the client: lines of which some hold a JSON object. */
  addFrames(frames: string): void {
    for (const line of frames.split('\n')) {
      const start = line.indexOf('{');
      if (start === -1) continue;
      const value = parsed(line.slice(start, line.lastIndexOf('}') + 1));
      if (value !== null) this.addWhole(value);
    }
  }

  addWhole(value: JsonObject): void {
    const { error } = value;
    if (isJsonObject(error)) this.failed(error);
    this.#read(this, value);
  }

  say(choice: number, text: unknown): void {
    if (typeof text !== 'string' || text === '') return;
    this.#choice(choice).completion += text;
    this.#characters += text.length;
  }

  think(choice: number, text: unknown): void {
    if (typeof text !== 'string' || text === '') return;
    this.#choice(choice).reasoning += text;
    this.#characters += text.length;
  }

  /** `key` names the call within the answer. */
  call(key: string, { id, name, text }: { id?: unknown; name?: unknown; text?: unknown }): void {
    const call = this.#calls.get(key) ?? { id: null, name: '', arguments: '' };
    if (typeof id === 'string') call.id = id;
    if (typeof name === 'string') call.name = name;
    if (typeof text === 'string') {
      call.arguments += text;
      this.#characters += text.length;
    }
    this.#calls.set(key, call);
  }

  failed(error: JsonObject): void {
    const { code, status } = error;
    const number = [code, status].find((value) => typeof value === 'number' && value >= 400);
    this.#error = {
      status: typeof number === 'number' ? number : BAD_GATEWAY,
      message: textOrNull(error['message']) ?? 'The answer failed',
    };
  }

  spoken(): SpokenAnswer {
    const [first, ...others] = [...this.#choices].sort(([one], [other]) => one - other);
    return {
      completion: first === undefined || first[1].completion === '' ? null : first[1].completion,
      reasoning: first === undefined || first[1].reasoning === '' ? null : first[1].reasoning,
      others: others.map(([, { completion }]) => completion),
      calls: [...this.#calls.values()],
      error: this.#error,
    };
  }

  #choice(index: number): { completion: string; reasoning: string } {
    let choice = this.#choices.get(index);
    if (choice === undefined) {
      choice = { completion: '', reasoning: '' };
      this.#choices.set(index, choice);
    }
    return choice;
  }
}

type Reader = (text: AnswerText, value: JsonObject) => void;

const READERS: Readonly<Record<DialectName, Reader>> = {
  'openai-chat': (text, value) => {
    for (const [index, choice] of objects(value['choices']).entries()) {
      const at = numberOr(choice['index'], index);
      const message = [choice['delta'], choice['message']].find(isJsonObject) ?? {};
      const { content, refusal, reasoning, reasoning_content, tool_calls } = message;
      text.say(at, content);
      for (const part of objects(content)) text.say(at, part['text']);
      text.say(at, refusal);
      text.think(at, reasoning ?? reasoning_content);
      for (const [position, call] of objects(tool_calls).entries()) {
        const made = isJsonObject(call['function']) ? call['function'] : {};
        const key = `${at}/${numberOr(call['index'], position)}`;
        text.call(key, { id: call['id'], name: made['name'], text: made['arguments'] });
      }
    }
  },
  'openai-text': (text, value) => {
    for (const [index, choice] of objects(value['choices']).entries()) {
      const at = numberOr(choice['index'], index);
      text.say(at, choice['text']);
      text.think(at, choice['reasoning']);
    }
  },
  'anthropic-messages': (text, value) => {
    const { content_block, delta } = value;
    const block = `block/${numberOr(value['index'], 0)}`;
    // Of a stream; its other blocks begin empty.
    if (isJsonObject(content_block) && content_block['type'] === 'tool_use')
      text.call(block, { id: content_block['id'], name: content_block['name'] });
    if (isJsonObject(delta)) {
      text.say(0, delta['text']);
      text.think(0, delta['thinking']);
      if (delta['type'] === 'input_json_delta') text.call(block, { text: delta['partial_json'] });
    }
    for (const [index, whole] of objects(value['content']).entries()) {
      text.say(0, whole['text']);
      text.think(0, whole['thinking']);
      if (whole['type'] === 'tool_use')
        text.call(`block/${index}`, { ...whole, text: JSON.stringify(whole['input']) });
    }
  },
  'openai-responses': (text, value) => {
    const { type, delta, item, response, output } = value;
    switch (type) {
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        text.say(0, delta);
        break;
      case 'response.reasoning_text.delta':
      case 'response.reasoning_summary_text.delta':
        text.think(0, delta);
        break;
      case 'response.output_item.done':
        if (isJsonObject(item)) callOfItem(text, item);
        break;
      case 'response.failed':
        if (isJsonObject(response) && isJsonObject(response['error'])) text.failed(response['error']);
        break;
      case 'error':
        text.failed(value);
        break;
      default:
        for (const whole of objects(output)) itemOfResponse(text, whole);
    }
  },
  'google-generate': (text, value) => {
    for (const [index, candidate] of objects(value['candidates']).entries()) {
      const at = numberOr(candidate['index'], index);
      const content = isJsonObject(candidate['content']) ? candidate['content'] : {};
      for (const part of objects(content['parts'])) {
        const { functionCall } = part;
        if (part['thought'] === true) text.think(at, part['text']);
        else text.say(at, part['text']);
        if (isJsonObject(functionCall))
          text.call(crypto.randomUUID(), {
            ...functionCall,
            text: JSON.stringify(functionCall['args'] ?? {}),
          });
      }
    }
  },
};

function itemOfResponse(text: AnswerText, item: JsonObject): void {
  const isThought = item['type'] === 'reasoning';
  for (const part of [...objects(item['content']), ...objects(item['summary'])]) {
    if (isThought) text.think(0, part['text']);
    else text.say(0, part['text'] ?? part['refusal']);
  }
  callOfItem(text, item);
}

function callOfItem(text: AnswerText, item: JsonObject): void {
  if (item['type'] !== 'function_call' && item['type'] !== 'custom_tool_call') return;
  const { call_id, id, name } = item;
  text.call(String(call_id ?? id), { id: call_id ?? id, name, text: item['arguments'] ?? item['input'] });
}

function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function numberOr(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}

function parsed(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
