/** A thought of an answer, shown as a summary, which is what clients show; and pictures, which come at once. */
import type { BlockHead } from '../../chat/event.ts';
import { sealedThought } from '../../chat/sealed.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { Emit, Place } from './output.ts';

/** Begins when something of it can be shown, or given back. */
export class Reasoning {
  place: Place | null = null;
  hasEnded = false;
  readonly #head: BlockHead & { type: 'reasoning' };
  readonly #wantsSealed: boolean;
  readonly #emit: Emit;
  readonly #takePlace: () => Place;
  #signature: string | undefined;
  #text = '';

  constructor(
    head: BlockHead & { type: 'reasoning' },
    wantsSealed: boolean,
    emit: Emit,
    takePlace: () => Place,
  ) {
    this.#head = head;
    this.#wantsSealed = wantsSealed;
    this.#emit = emit;
    this.#takePlace = takePlace;
    if (head.redacted !== undefined && wantsSealed) this.#begin();
  }

  write(text: string): void {
    if (this.#text === '') {
      this.#begin();
      this.#tell('response.reasoning_summary_part.added', { part: { type: 'summary_text', text: '' } });
    }
    this.#text += text;
    this.#tell('response.reasoning_summary_text.delta', { delta: text });
  }

  end(signature: string | undefined): void {
    this.hasEnded = true;
    this.#signature = signature;
    if (signature !== undefined && this.#wantsSealed) this.#begin();
  }

  /** Null: nothing of it was to be told. */
  close(): JsonObject | null {
    if (this.place === null) return null;
    if (this.#text !== '') {
      const part = { type: 'summary_text', text: this.#text };
      this.#tell('response.reasoning_summary_text.done', { text: this.#text });
      this.#tell('response.reasoning_summary_part.done', { part });
    }
    const item = this.item();
    this.#emit('response.output_item.done', { output_index: this.place.index, item });
    return item;
  }

  #begin(): void {
    if (this.place !== null) return;
    this.place = this.#takePlace();
    const item = { type: 'reasoning', id: this.place.id, summary: [] };
    this.#emit('response.output_item.added', { output_index: this.place.index, item });
  }

  /** Null: it has not begun. */
  item(): JsonObject | null {
    if (this.place === null) return null;
    const { id } = this.place;
    const { redacted, format } = this.#head;
    const signature = this.#signature;
    const sealed = sealedThought({
      ...(signature === undefined ? {} : { signature }),
      ...(redacted === undefined ? {} : { redacted }),
      ...(format === undefined ? {} : { format }),
    });
    return {
      type: 'reasoning',
      id,
      summary: this.#text === '' ? [] : [{ type: 'summary_text', text: this.#text }],
      ...(this.#wantsSealed && sealed !== null ? { encrypted_content: sealed } : {}),
      ...(signature === undefined ? {} : { signature, format: format ?? 'unknown' }),
    };
  }

  #tell(type: string, members: JsonObject): void {
    if (this.place === null) return;
    const { id, index } = this.place;
    this.#emit(type, { item_id: id, output_index: index, summary_index: 0, ...members });
  }
}

/** A picture as chat completions have it, but for its id; null: it is at an address, which no item can say. */
export function imageItem(image: JsonObject): JsonObject | null {
  const { image_url: told } = image;
  const url = isJsonObject(told) ? told['url'] : told;
  const data = typeof url === 'string' ? /^data:[^,]*;base64,([\s\S]*)$/.exec(url)?.[1] : undefined;
  if (data === undefined) return null;
  return { type: 'image_generation_call', status: 'completed', result: data };
}
