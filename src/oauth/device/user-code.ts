/** The short code that a user reads on a device and types on a page. No I/O. */

/** Neither vowels, which could make words, nor what is easily taken for another (RFC 8628, 6.1). */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const LENGTH = 8;
const WELL_FORMED = new RegExp(`^[${LETTERS}]{${LENGTH}}$`);
/** Of a byte's 256 values the last 16 would make some letters likelier than others. */
const FAIR_BYTES = 256 - (256 % LETTERS.length);

export function newUserCode(): string {
  let code = '';
  while (code.length < LENGTH) {
    const [byte = 255] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < FAIR_BYTES) code += LETTERS[byte % LETTERS.length];
  }
  return code;
}

/** In two halves, which are easier to read and to type. */
export function userCodeText(code: string): string {
  return `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`;
}

/** Small letters, blanks and hyphens are no mistakes; null: nothing that we ever show. */
export function parseUserCode(typed: string): string | null {
  const code = typed
    .slice(0, 100)
    .replace(/[\s\p{Pd}]/gu, '')
    .toUpperCase();
  return WELL_FORMED.test(code) ? code : null;
}
