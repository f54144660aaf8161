/**
 * That a prompt does not fit, in the words by which Claude Code knows to compact it or to ask for less. Providers say it in words of
 * their own, which stand behind.
 */

/** Where the whole of the prompt and the answer asked for is too long, and the prompt alone is not: prompt, answer and the most. */
interface Sum {
  readonly prompt: number;
  readonly answer: number;
  readonly most: number;
}

const KNOWN = /^(?:prompt is too long|input length and `max_tokens` exceed context limit|max_tokens: )/;

/** `message`: as the provider said it. */
export function tooLongMessage(message: string): string {
  if (KNOWN.test(message)) return message;
  const sum = sumOf(message);
  if (sum !== null)
    return `input length and \`max_tokens\` exceed context limit: ${sum.prompt} + ${sum.answer} > ${sum.most}. ${message}`;
  const [least, most] = numbersOf(message);
  if (least === undefined || most === undefined) return `prompt is too long: ${message}`;
  return `prompt is too long: ${most} tokens > ${least} maximum. ${message}`;
}

/** How vendors whose servers are of OpenAI's kind count the two apart; `{n}` is a number. */
const SUMS: readonly { readonly words: RegExp; readonly order: readonly (keyof Sum)[] }[] = [
  {
    // OpenAI, and vLLM before 0.10.
    words:
      /maximum context length is (\d+) tokens.{0,120}?\((\d+) in the (?:messages|prompt|input).{0,80}?, (\d+) in the (?:completion|output)/s,
    order: ['most', 'prompt', 'answer'],
  },
  {
    // vLLM.
    words:
      /max_(?:completion_)?tokens['`]? is too large: (\d+)\..{0,80}?maximum context length is (\d+) tokens and your request has (\d+) input tokens/s,
    order: ['answer', 'most', 'prompt'],
  },
  {
    // vLLM, of late.
    words:
      /maximum context length is (\d+) tokens.{0,80}?requested (\d+) output tokens and your prompt contains (?:at least )?(\d+) input tokens/s,
    order: ['most', 'answer', 'prompt'],
  },
  {
    // SGLang.
    words:
      /maximum context length of (\d+) tokens.{0,80}?: (\d+) tokens from the input messages and (\d+) tokens for the completion/s,
    order: ['most', 'prompt', 'answer'],
  },
  {
    // Text Generation Inference.
    words:
      /`inputs` tokens \+ `max_new_tokens` must be <= (\d+)\. Given: (\d+) `inputs` tokens and (\d+) `max_new_tokens`/,
    order: ['most', 'prompt', 'answer'],
  },
];

function sumOf(message: string): Sum | null {
  for (const { words, order } of SUMS) {
    const match = words.exec(message);
    if (match === null) continue;
    const told = Object.fromEntries(order.map((name, at) => [name, Number(match[at + 1])]));
    const { prompt = 0, answer = 0, most = 0 } = told as Partial<Sum>;
    // A prompt that is too long by itself has to be compacted.
    return prompt < most ? { prompt, answer, most } : null;
  }
  return null;
}

/** The first two that differ, the smaller one first: of a sentence that says what is too long, how long, and how long it may be. */
function numbersOf(message: string): number[] {
  const found = message.match(/(?<![\w.,-])(?:\d{1,3}(?:,\d{3})+|\d{3,})(?![\w-])/g) ?? [];
  const numbers = new Set(found.map((text) => Number(text.replaceAll(',', ''))));
  return [...numbers].slice(0, 2).sort((a, b) => a - b);
}
