/**
 * What each request of a soak asks for and must cost: worked out from the seed and its number alone, so that client, provider and
 * judge agree about millions of requests without a list of them.
 */
import type { PriceList } from '../prices.ts';

/** How often each comes, in 1024ths. */
const SHARES = {
  /** A chat completion in one piece. */
  whole: 676,
  /** The same with a prompt of many kilobytes. */
  long: 8,
  /** `POST /completions`. */
  text: 50,
  textStream: 10,
  stream: 120,
  /** The first endpoint fails, the second one answers. */
  fallback: 16,
  error500: 10,
  /** Of a provider that is left alone for a while afterwards, so that the next one may not even be sent. */
  error429: 6,
  /** A 200 whose body is no JSON. */
  garbage: 4,
  /** The connection is reset in the middle of a body. */
  reset: 4,
  /** The connection ends before the stream does. */
  truncatedStream: 4,
  /** An error inside of a stream. */
  streamError: 4,
  /** The client leaves after the first chunk. */
  leftStream: 16,
  /** The client leaves before the answer has come. */
  leftWhole: 8,
  unknownKey: 16,
  badBody: 12,
  /** With a key that is disabled or deleted. */
  revoked: 16,
  /** With a key whose limit is reached now and then. */
  limited: 44,
} as const;

export type Kind = keyof typeof SHARES;

const CYCLE = 1024;
const KINDS: readonly Kind[] = (Object.keys(SHARES) as Kind[]).flatMap((kind) =>
  Array.from({ length: SHARES[kind] }, () => kind),
);

/** The provider's name of the models; clients ask for `acme/…`. */
export const MODEL = 'steady';
export const FALLBACK_MODEL = 'fallback';
/** Asked for only where its provider has too much to do. */
export const CROWDED_MODEL = 'crowded';
/** Every request names this cap. */
export const MAX_TOKENS = 64;
const TOKENS_A_CHUNK = 4;

const PROMPT_PICO_USD = 1_000_003;
const COMPLETION_PICO_USD = 3_000_017;

export const PRICES: PriceList = new Map(
  [MODEL, FALLBACK_MODEL, CROWDED_MODEL].map((model) => [
    model,
    {
      promptPicoUsd: BigInt(PROMPT_PICO_USD),
      completionPicoUsd: BigInt(COMPLETION_PICO_USD),
      requestPicoUsd: 0n,
    },
  ]),
);

/** So many digits has every number, so that prepared bytes fit all of them. */
export const DIGITS = 8;
export const MOST_REQUESTS = 10 ** DIGITS;
const TAG = 'soak-';

export function tagOf(number: number): string {
  return TAG + String(number).padStart(DIGITS, '0');
}

/** The number behind the first tag in a text; null without one. */
export function numberIn(text: string): number | null {
  const at = text.indexOf(TAG);
  if (at === -1) return null;
  const number = Number(text.slice(at + TAG.length, at + TAG.length + DIGITS));
  return Number.isInteger(number) ? number : null;
}

export class Orders {
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
  }

  kindOf(number: number): Kind {
    return KINDS[this.#mixed(number) % CYCLE] ?? 'whole';
  }

  promptTokensOf(number: number): number {
    return 10 + ((this.#mixed(number) >>> 10) % 90);
  }

  completionTokensOf(number: number): number {
    return TOKENS_A_CHUNK * this.chunksOf(number);
  }

  /** Of a stream; whole answers have as many tokens as theirs. */
  chunksOf(number: number): number {
    return 3 + ((this.#mixed(number) >>> 17) % 8);
  }

  /** Of an answer that comes to its end. In numbers, not bigints: it is asked for with every answer, and fits by far. */
  costNanoUsdOf(number: number): number {
    return costNanoUsd(this.promptTokensOf(number), this.completionTokensOf(number));
  }

  /** Bits that look random and depend on nothing but seed and number (the finaliser of MurmurHash3). */
  #mixed(number: number): number {
    let bits = (number ^ this.#seed) >>> 0;
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return (bits ^ (bits >>> 16)) >>> 0;
  }
}

/** The most that a request with a body of so many bytes can cost: no prompt has more tokens than bytes. */
export function boundNanoUsd(bodyBytes: number): number {
  return costNanoUsd(bodyBytes, MAX_TOKENS);
}

function costNanoUsd(promptTokens: number, completionTokens: number): number {
  return Math.ceil((promptTokens * PROMPT_PICO_USD + completionTokens * COMPLETION_PICO_USD) / 1000);
}
