/** Texts of JSON that stand one after the other in a file, as whoever saves page after page leaves them. No I/O. */

export interface JsonText {
  readonly text: string;
  /** Of the file, counted from 1: where it begins. */
  readonly line: number;
}

/** Objects and lists, and what else stands between them. Whether each is JSON is for its parser to say. */
export function jsonTexts(text: string): JsonText[] {
  const texts: JsonText[] = [];
  let [begin, depth, line, beginLine] = [0, 0, 1, 1];
  let isInString = false;
  const end = (at: number) => {
    const one = text.slice(begin, at);
    if (one.trim() !== '') texts.push({ text: one, line: beginLine });
    begin = at;
    beginLine = line;
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (isInString) {
      if (character === '\\') at += 1;
      else if (character === '"') isInString = false;
      continue;
    }
    if (character === '"') isInString = true;
    else if (character === '{' || character === '[') {
      if (depth === 0) end(at);
      depth += 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth === 0) end(at + 1);
    } else if (character === '\n') {
      line += 1;
      if (depth <= 0) end(at + 1);
    }
  }
  end(text.length);
  return texts;
}
