/** Findings put into effect on one text: what matched is replaced, and every other character stays as it was. */

export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly placeholder: string;
}

/** Of matches that overlap one takes the place of all: that of the one which begins first, and is the longest of those. */
export function merged(replacements: readonly Replacement[]): Replacement[] {
  const sorted = [...replacements].sort((one, other) => one.start - other.start || other.end - one.end);
  const result: Replacement[] = [];
  for (const next of sorted) {
    const last = result.at(-1);
    if (last === undefined || next.start >= last.end) result.push(next);
    else if (next.end > last.end) result[result.length - 1] = { ...last, end: next.end };
  }
  return result;
}

export function replaced(text: string, replacements: readonly Replacement[]): string {
  let result = '';
  let at = 0;
  for (const { start, end, placeholder } of merged(replacements)) {
    result += text.slice(at, start) + placeholder;
    at = end;
  }
  return result + text.slice(at);
}

/**
 * The same over texts that stand in a row: a match that begins in one and ends in another leaves its placeholder where it began.
 * @param replacements in the texts joined together
 */
export function replacedAcross(texts: readonly string[], replacements: readonly Replacement[]): string[] {
  const all = merged(replacements);
  let offset = 0;
  return texts.map((text) => {
    const from = offset;
    const to = offset + text.length;
    offset = to;
    const own = all
      .filter(({ start, end }) => start < to && end > from)
      .map(({ start, end, placeholder }) => ({
        start: Math.max(start, from) - from,
        end: Math.min(end, to) - from,
        placeholder: start >= from ? placeholder : '',
      }));
    return own.length === 0 ? text : replaced(text, own);
  });
}
