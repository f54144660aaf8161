/** A message of an answer: its texts and refusals, as they are written. */
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import { listOf } from '../content.ts';
import type { Emit, Place } from './output.ts';

export interface TextBlock {
  readonly type: 'text' | 'refusal';
  /** Among the parts of its message. */
  readonly position: number;
  text: string;
  readonly annotations: JsonObject[];
  readonly logprobs: JsonObject[];
  hasEnded: boolean;
  isClosed: boolean;
}

export class Message {
  readonly place: Place;
  readonly #emit: Emit;
  readonly #blocks: TextBlock[] = [];

  constructor(emit: Emit, place: Place) {
    this.#emit = emit;
    this.place = place;
    emit('response.output_item.added', { output_index: place.index, item: this.item('in_progress') });
  }

  get hasEnded(): boolean {
    return this.#blocks.every((block) => block.hasEnded);
  }

  begin(type: TextBlock['type']): TextBlock {
    const position = this.#blocks.length;
    const block = {
      type,
      position,
      text: '',
      annotations: [],
      logprobs: [],
      hasEnded: false,
      isClosed: false,
    };
    this.#blocks.push(block);
    this.#tell('response.content_part.added', block, { part: partOf(block) });
    return block;
  }

  write(block: TextBlock, text: string, logprobs: JsonObject | null): void {
    if (block.isClosed) return;
    block.text += text;
    if (block.type === 'refusal') {
      this.#tell('response.refusal.delta', block, { delta: text });
      return;
    }
    const told = listOf(logprobs?.['content']).map(logprobOf);
    block.logprobs.push(...told);
    this.#tell('response.output_text.delta', block, { delta: text, logprobs: told });
  }

  /** Of what was said last. */
  annotate(annotation: JsonObject): void {
    const block = this.#blocks.findLast(({ type }) => type === 'text');
    if (block === undefined || block.isClosed) return;
    const position = block.annotations.push(annotation) - 1;
    this.#tell('response.output_text.annotation.added', block, { annotation_index: position, annotation });
  }

  closeEnded(): void {
    for (const block of this.#blocks) if (block.hasEnded) this.#close(block);
  }

  close(isWhole: boolean): JsonObject {
    for (const block of this.#blocks) this.#close(block);
    const item = this.item(isWhole ? 'completed' : 'incomplete');
    this.#emit('response.output_item.done', { output_index: this.place.index, item });
    return item;
  }

  item(status: string): JsonObject {
    return {
      type: 'message',
      id: this.place.id,
      status,
      role: 'assistant',
      content: this.#blocks.map(partOf),
    };
  }

  #close(block: TextBlock): void {
    if (block.isClosed) return;
    block.isClosed = true;
    const { text, logprobs } = block;
    if (block.type === 'refusal') this.#tell('response.refusal.done', block, { refusal: text });
    else this.#tell('response.output_text.done', block, { text, logprobs });
    this.#tell('response.content_part.done', block, { part: partOf(block) });
  }

  #tell(type: string, { position }: TextBlock, members: JsonObject): void {
    const { id, index } = this.place;
    this.#emit(type, { item_id: id, output_index: index, content_index: position, ...members });
  }
}

function partOf({ type, text, annotations, logprobs }: TextBlock): JsonObject {
  if (type === 'refusal') return { type: 'refusal', refusal: text };
  return { type: 'output_text', text, annotations: [...annotations], logprobs: [...logprobs] };
}

/** Chat completions nest a citation in a member of its type's name. Null: of a kind that is unknown here. */
export function annotationOf(annotation: JsonObject): JsonObject | null {
  if (annotation['type'] !== 'url_citation') return null;
  const told = isJsonObject(annotation['url_citation']) ? annotation['url_citation'] : annotation;
  const { url, title, start_index: start, end_index: end, content } = told;
  if (typeof url !== 'string') return null;
  return {
    type: 'url_citation',
    url,
    title: textOrNull(title) ?? '',
    start_index: typeof start === 'number' ? start : 0,
    end_index: typeof end === 'number' ? end : 0,
    ...(typeof content === 'string' ? { content } : {}),
  };
}

function logprobOf({ token, logprob, bytes, top_logprobs }: JsonObject): JsonObject {
  return {
    token,
    logprob,
    bytes: bytes ?? [],
    top_logprobs: listOf(top_logprobs).map((top) => ({ ...top, bytes: top['bytes'] ?? [] })),
  };
}
