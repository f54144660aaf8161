/** Clients of any gateway that speaks OpenRouter's API: each request is tagged, and what came back is written down. */
import { type Price, type PriceList, usdOf } from './prices.ts';
import type { Random } from './random.ts';
import type { Sent } from './records.ts';

/** One request to make. */
export interface Order {
  readonly model: string;
  readonly maxTokens: number | null;
  readonly isStream: boolean;
  /** What the fake provider is told to do. */
  readonly behaviour: Readonly<Record<string, unknown>>;
  /** What it calls the request; absent: nothing. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The client leaves after so long. */
  readonly cutAfterMs: number | null;
}

export interface ClientOptions {
  readonly baseUrl: string;
  readonly key: string;
  readonly prices: PriceList;
  /** How long to try again while requests in flight hold the money. */
  readonly patienceMs: number;
}

const BUSY_PAUSE_MS = 40;
const TIMEOUT_MS = 60_000;

/** Whether a client may try it again without doing anything twice: no node has taken it. */
export function isUntouched({ ending, status }: Sent): boolean {
  return ending === 'unavailable' || (ending === 'broken' && status === 0);
}

/** Ends when the request was answered for good; gives every try. */
export async function send(order: Order, options: ClientOptions): Promise<Sent[]> {
  const givesUpAt = performance.now() + options.patienceMs;
  const tries: Sent[] = [];
  for (;;) {
    const sent = await sendOnce(order, options);
    tries.push(sent);
    if (sent.ending !== 'busy') return tries;
    if (performance.now() > givesUpAt) {
      tries[tries.length - 1] = { ...sent, ending: 'refused' };
      return tries;
    }
    await Bun.sleep(BUSY_PAUSE_MS);
  }
}

async function sendOnce(order: Order, { baseUrl, key, prices }: ClientOptions): Promise<Sent> {
  const tag = `tag:${crypto.randomUUID()}`;
  const body = JSON.stringify({
    model: `acme/${order.model}`,
    stream: order.isStream,
    session_id: tag,
    ...(order.metadata === undefined ? {} : { metadata: order.metadata }),
    ...(order.maxTokens === null ? {} : { max_tokens: order.maxTokens }),
    messages: [{ role: 'user', content: `!fake ${JSON.stringify(order.behaviour)}\n${tag}` }],
  });
  const startedAtMs = Date.now();
  const outcome = await exchange(`${baseUrl}/chat/completions`, key, body, order);
  return {
    tag,
    key,
    gateway: baseUrl,
    startedAtMs,
    endedAtMs: Date.now(),
    boundNanoUsd: boundOf(prices.get(order.model), body, order.maxTokens),
    ...outcome,
  };
}

type Outcome = Pick<Sent, 'ending' | 'status' | 'costNanoUsd' | 'message'>;

async function exchange(url: string, key: string, body: string, order: Order): Promise<Outcome> {
  const leave = new AbortController();
  let hasLeft = false;
  const timer = setTimeout(() => {
    hasLeft = order.cutAfterMs !== null;
    leave.abort();
  }, order.cutAfterMs ?? TIMEOUT_MS);
  let status = 0;
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body,
      signal: leave.signal,
    });
    status = answer.status;
    const message = await answer.text();
    if (status === 503 && answer.headers.has('retry-after'))
      return { ending: 'unavailable', status, costNanoUsd: null, message };
    return outcomeOf(status, message, order.isStream);
  } catch (thrown) {
    return { ending: hasLeft ? 'cut' : 'broken', status, costNanoUsd: null, message: String(thrown) };
  } finally {
    clearTimeout(timer);
  }
}

interface AnswerBody {
  readonly usage?: { readonly cost?: number };
  readonly error?: { readonly metadata?: { readonly reason?: string } };
}

function outcomeOf(status: number, text: string, isStream: boolean): Outcome {
  const refusal: Outcome = { ending: 'failed', status, costNanoUsd: null, message: text.slice(0, 400) };
  if (status === 402 || status === 403) {
    const reason = parse(text)?.error?.metadata?.reason;
    return { ...refusal, ending: reason === 'in_flight_budget_exhausted' ? 'busy' : 'refused' };
  }
  if (status !== 200) return refusal;
  const answer = isStream ? lastEventOf(text) : parse(text);
  // A body that ends early is a lost connection, however politely it was closed.
  if (answer === null) return { ...refusal, ending: 'broken' };
  const cost = answer.usage?.cost;
  if (cost === undefined || answer.error !== undefined) return refusal;
  return { ending: 'complete', status, costNanoUsd: BigInt(Math.round(cost * 1e9)), message: '' };
}

/** The last event before `[DONE]`; null without one. */
function lastEventOf(text: string): AnswerBody | null {
  const events = text.split('\n').filter((line) => line.startsWith('data: '));
  if (events.pop() !== 'data: [DONE]') return null;
  return parse(events.pop()?.slice('data: '.length) ?? '');
}

function parse(text: string): AnswerBody | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** No prompt has more tokens than its request has bytes. */
function boundOf(price: Price | undefined, body: string, maxTokens: number | null): bigint | null {
  if (price === undefined || maxTokens === null) return null;
  const { promptPicoUsd, completionPicoUsd, requestPicoUsd } = price;
  const bytes = BigInt(Buffer.byteLength(body));
  return (bytes * promptPicoUsd + BigInt(maxTokens) * completionPicoUsd + requestPicoUsd + 999n) / 1000n;
}

/** Anything that people send: whole and streamed, long and short, with and without a cap, cut, and failing upstream. */
export function randomOrder(random: Random, prices: PriceList, options: { hasCuts: boolean }): Order {
  const isStream = random.chance(0.6);
  const isCut = options.hasCuts && random.chance(0.2);
  return {
    model: random.pick([...prices.keys()]),
    maxTokens: random.chance(0.8) ? random.whole(1, 60) : null,
    isStream,
    behaviour: {
      chunks: random.whole(1, 60),
      ...(random.chance(0.5) ? { delayMs: random.whole(1, 40) } : {}),
      ...(isStream && random.chance(0.4) ? { chunkDelayMs: random.whole(1, 6) } : {}),
      ...(random.chance(0.1) ? randomFault(random) : {}),
    },
    cutAfterMs: isCut ? random.whole(1, 120) : null,
  };
}

function randomFault(random: Random): Record<string, unknown> {
  return random.pick([
    { status: 500 },
    { status: 429 },
    { garbage: 'json' },
    { resetAfterChunks: random.whole(0, 5) },
    { truncateAfterChunks: random.whole(1, 5) },
    { errorAfterChunks: random.whole(1, 5) },
  ]);
}

export interface KeyLimit {
  readonly limitNanoUsd: bigint;
  readonly windowKind: 'all' | 'daily' | 'weekly' | 'monthly';
}

export function keyBody(limit: KeyLimit | null): Record<string, unknown> {
  return {
    name: 'prove:spend',
    ...(limit === null
      ? {}
      : {
          limit: usdOf(limit.limitNanoUsd),
          limit_reset: limit.windowKind === 'all' ? null : limit.windowKind,
        }),
  };
}
