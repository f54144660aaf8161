/**
 * A chunk that differs from the one before it in its text alone, as nearly all chunks of an answer do: recognised by what stands
 * before and behind the text, and made canonical without being taken apart. Measured: 1.3 µs less a chunk of 250 bytes.
 */
import type { JsonObject } from '../../json.ts';

/** What a JSON text may hold as it is: a quote would end it, and behind a backslash something else is meant. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in texts.
const NOT_PLAIN = /["\\\u0000-\u001f]/;

export class TextTemplate {
  readonly choice: number;
  readonly #before: string;
  readonly #behind: string;
  /** What stands around the text in the chunk made canonical. */
  readonly canonicalBefore: string;
  readonly canonicalBehind: string;

  private constructor(
    choice: number,
    [before, behind]: readonly [string, string],
    [canonicalBefore, canonicalBehind]: readonly [string, string],
  ) {
    this.choice = choice;
    this.#before = before;
    this.#behind = behind;
    this.canonicalBefore = canonicalBefore;
    this.canonicalBehind = canonicalBehind;
  }

  /**
   * From a chunk as it came, `data`, and made canonical. Null where its next one need not be alike: it says something else than the
   * text of one choice, or its text stands in it more than once.
   */
  static of(data: string, canonical: JsonObject): TextTemplate | null {
    const [choice, ...others] = canonical['choices'] as JsonObject[];
    const delta = choice?.['delta'] as JsonObject | undefined;
    if (choice === undefined || others.length > 0 || choice['finish_reason'] !== null) return null;
    const text = delta?.['content'];
    // A short text may well be part of something else.
    if (typeof text !== 'string' || text.length < 2 || NOT_PLAIN.test(text)) return null;
    if (Object.keys(delta ?? {}).length !== 1 || choice['logprobs'] instanceof Object) return null;
    const raw = around(data, text);
    const written = around(JSON.stringify(canonical), text);
    return raw === null || written === null ? null : new TextTemplate(Number(choice['index']), raw, written);
  }

  /** The text of a chunk that is alike; null: it is not. */
  textOf(data: string): string | null {
    const length = data.length - this.#behind.length;
    if (length < this.#before.length || !data.startsWith(this.#before) || !data.endsWith(this.#behind))
      return null;
    const text = data.slice(this.#before.length, length);
    return text === '' || NOT_PLAIN.test(text) ? null : text;
  }
}

/** What stands before the text, with its quote, and behind it; null where it stands there more than once. */
function around(json: string, text: string): readonly [string, string] | null {
  const literal = `"content":"${text}"`;
  const spaced = `"content": "${text}"`;
  const found = json.includes(literal) ? literal : spaced;
  const at = json.indexOf(found);
  if (at === -1 || json.indexOf(found, at + 1) !== -1) return null;
  const end = at + found.length - 1;
  return [json.slice(0, end - text.length), json.slice(end)];
}
