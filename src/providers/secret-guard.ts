/**
 * Keeps a provider's key out of text that the provider wrote, however it is spelt there: whole or in part, masked in the middle,
 * reversed, escaped for a URL or for JSON, in hex or in base64. Every text of a provider passes here before it is kept anywhere.
 */

/** So many characters in a row that a text shares with a secret are no accident. */
const TELLING_CHARACTERS = 8;
const REPLACEMENT = '[redacted]';
/** A key as vendors show it: its beginning, something in place of its middle, its end. */
const MASKED = /[\w-]{2,}(?:\*{2,}|•{2,}|\.{3,}|…|x{4,})[\w-]{0,}/gi;
/** What follows this is a credential, whoever's it is. */
const BEARER = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi;
/** How well-known keys begin. */
const KEY_LIKE = /\b(?:sk|pk|rk|key|gsk|xai|fw|pplx|csk|r8|hf|nvapi|AIza)[-_][\w-]{10,}|\bAIza[\w-]{20,}/g;

export class SecretGuard {
  /** Every run of `TELLING_CHARACTERS` of every spelling, in lower case. */
  readonly #runs = new Set<string>();
  readonly #shortest: number;

  /** Null where the provider asks for no key. */
  constructor(secret: string | null) {
    this.#shortest = Math.min(TELLING_CHARACTERS, secret?.length ?? TELLING_CHARACTERS);
    if (secret === null || secret.length < 4) return;
    for (const spelling of spellingsOf(secret)) {
      const text = spelling.toLowerCase();
      for (let at = 0; at + this.#shortest <= text.length; at++)
        this.#runs.add(text.slice(at, at + this.#shortest));
    }
  }

  /** The text with whatever looks like a credential replaced. */
  redact(text: string): string {
    return this.#withoutRuns(
      text.replace(BEARER, `$1 ${REPLACEMENT}`).replace(KEY_LIKE, REPLACEMENT).replace(MASKED, REPLACEMENT),
    );
  }

  #withoutRuns(text: string): string {
    if (this.#runs.size === 0) return text;
    const lower = text.toLowerCase();
    // A text whose lower case has another length cannot be looked at character by character.
    if (lower.length !== text.length) return this.#withoutRuns(text.replace(/[^\x20-\x7e]/g, ' '));
    let result = '';
    let keptTo = 0;
    for (let at = 0; at + this.#shortest <= lower.length; at++) {
      if (!this.#runs.has(lower.slice(at, at + this.#shortest))) continue;
      let end = at + this.#shortest;
      while (end < lower.length && this.#runs.has(lower.slice(end + 1 - this.#shortest, end + 1))) end += 1;
      result += text.slice(keptTo, at) + REPLACEMENT;
      keptTo = end;
      at = end - 1;
    }
    return result + text.slice(keptTo);
  }
}

function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    [...secret].reverse().join(''),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('hex'),
    // In base64 a text looks otherwise behind one or two bytes of something else.
    ...[0, 1, 2].flatMap((shift) => {
      const text = Buffer.concat([Buffer.alloc(shift), bytes])
        .toString('base64')
        .replace(/=+$/, '');
      const own = text.slice(shift === 0 ? 0 : shift + 1, -1);
      return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
    }),
  ];
}

const guards = new Map<string | null, SecretGuard>();

/** The guard of a provider's key, made once. */
export function guardOf(apiKey: string | null): SecretGuard {
  let guard = guards.get(apiKey);
  if (guard === undefined) {
    guard = new SecretGuard(apiKey);
    guards.set(apiKey, guard);
  }
  return guard;
}
