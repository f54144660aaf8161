/** Texts and numbers inside a text that is JSON, as a call's arguments are, and how to replace one so that it stays JSON. */

export interface JsonToken {
  /** In the JSON, quotes included. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly isNumber: boolean;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** So many are read before others get their turn. */
const A_TURN = 2048;

/** Null: it is no JSON, and has to be looked at as any other text. Yields wherever others may have their turn. */
export function* jsonTokens(json: string): Generator<void, JsonToken[] | null> {
  try {
    JSON.parse(json);
  } catch {
    return null;
  }
  const tokens: JsonToken[] = [];
  for (const { 0: raw, index } of json.matchAll(TOKEN)) {
    const isText = raw.startsWith('"');
    const text = !isText ? raw : raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
    tokens.push({ start: index, end: index + raw.length, text, isNumber: !isText });
    if (tokens.length % A_TURN === 0) yield;
  }
  return tokens;
}
