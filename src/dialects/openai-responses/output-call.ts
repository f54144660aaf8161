/** A tool call of an answer, as its client knows the tool. */
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { Emit, Place } from './output.ts';
import { type CallKind, customInput } from './tools.ts';

const PREFIXES = { function: 'fc', custom: 'ctc', tool_search: 'tsc' } as const;

export class Call {
  readonly place: Place;
  hasEnded = false;
  readonly #kind: CallKind;
  readonly #callId: string;
  readonly #extra: JsonObject;
  readonly #emit: Emit;
  #argumentsJson = '';

  constructor(
    kind: CallKind,
    callId: string,
    extra: JsonObject,
    emit: Emit,
    place: (prefix: string) => Place,
  ) {
    this.#kind = kind;
    this.#callId = callId;
    this.#extra = extra;
    this.#emit = emit;
    this.place = place(PREFIXES[kind.type]);
    emit('response.output_item.added', { output_index: this.place.index, item: this.item('in_progress') });
  }

  /** The input of a custom tool comes as a text in JSON: it is told when all of it is here. */
  write(text: string): void {
    this.#argumentsJson += text;
    if (this.#kind.type === 'function') this.#tell('response.function_call_arguments.delta', { delta: text });
  }

  /** Arguments that are JSON are whole, whatever ended the answer. */
  close(isWhole: boolean): JsonObject {
    if (this.#argumentsJson.trim() === '' && isWhole) this.write('{}');
    const { type, name } = this.#kind;
    if (type === 'function') {
      const told = { name, arguments: this.#argumentsJson };
      this.#tell('response.function_call_arguments.done', told);
    } else if (type === 'custom') {
      const input = customInput(this.#argumentsJson);
      this.#tell('response.custom_tool_call_input.delta', { delta: input });
      this.#tell('response.custom_tool_call_input.done', { input });
    }
    const item = this.item(isWhole || isJson(this.#argumentsJson) ? 'completed' : 'incomplete', true);
    this.#emit('response.output_item.done', { output_index: this.place.index, item });
    return item;
  }

  item(status: string, isClosed = false): JsonObject {
    const { type, name, namespace } = this.#kind;
    const head = { id: this.place.id, call_id: this.#callId, status };
    const named = namespace === undefined ? { name } : { name, namespace };
    switch (type) {
      case 'function':
        return { ...this.#extra, type: 'function_call', ...head, ...named, arguments: this.#argumentsJson };
      case 'custom':
        return {
          type: 'custom_tool_call',
          ...head,
          ...named,
          input: isClosed ? customInput(this.#argumentsJson) : '',
        };
      case 'tool_search':
        return {
          type: 'tool_search_call',
          ...head,
          execution: 'client',
          arguments: isClosed ? objectOf(this.#argumentsJson) : {},
        };
    }
  }

  #tell(type: string, members: JsonObject): void {
    this.#emit(type, { item_id: this.place.id, output_index: this.place.index, ...members });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function objectOf(text: string): JsonObject {
  const value: unknown = isJson(text) ? JSON.parse(text) : null;
  return isJsonObject(value) ? value : {};
}
