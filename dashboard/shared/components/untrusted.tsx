/** A name that somebody else chose: kept short, and its writing direction kept to itself, so that it cannot dress up what is around it. */

const MAX_LENGTH = 200;
/** Marks that turn the direction of what follows, and controls, which have no business in a name. */
const INVISIBLE = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu;

export function plainName(text: string): string {
  const visible = text
    .slice(0, MAX_LENGTH * 4)
    .replace(INVISIBLE, '')
    .trim();
  const characters = [...visible];
  return characters.length > MAX_LENGTH ? `${characters.slice(0, MAX_LENGTH).join('')}…` : visible;
}

/** A text of several lines that somebody else wrote, whole: without the marks and the controls, but for its line breaks. */
export function UntrustedText({ children }: { children: string }) {
  const lines = children.split(/\r\n|[\r\n\u2028\u2029]/).map((line) => line.replace(INVISIBLE, ''));
  return <bdi className="whitespace-pre-line wrap-anywhere">{lines.join('\n').trim()}</bdi>;
}

export function Untrusted({ children }: { children: string }) {
  return <bdi className="wrap-anywhere">{plainName(children)}</bdi>;
}
