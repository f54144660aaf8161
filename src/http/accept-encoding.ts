/** Which compression a client takes (RFC 9110, 12.5.3). No I/O. */

export type Coding = 'br' | 'gzip' | 'zstd';

/** Null: it is to be sent as it is. `offered` in our order, which decides between what the client likes as much. */
export function acceptedCoding<C extends Coding>(header: string | null, offered: readonly C[]): C | null {
  if (header === null) return null;
  const weights = new Map<string, number>();
  for (const item of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    weights.set(
      name,
      weight === undefined ? 1 : /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(weight) ? Number(weight) : 0,
    );
  }
  // A client that takes anything has said nothing of newer codings: gzip is what all of them know.
  const any = weights.get('*') ?? 0;
  const weightOf = (coding: C) => weights.get(coding) ?? (coding === 'gzip' ? any : 0);
  const best = offered.reduce<C | null>(
    (chosen, coding) => (chosen === null || weightOf(coding) > weightOf(chosen) ? coding : chosen),
    null,
  );
  return best === null || weightOf(best) === 0 ? null : best;
}
