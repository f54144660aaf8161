/**
 * Who sealed what an answer asks its client to give back. OpenAI's and xAI's sealed thoughts and compactions open only with the account
 * that made them, and Gemini's signatures only where they were made (Google AI and Vertex refuse each other's), so each leaves with the
 * slug of its provider in front. Anthropic's signatures are the same on every platform (its guide on extended thinking) and stay bare.
 */
import { TurnpikeError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import type { ChatPayload, ChatPrompt, ReasoningFormat } from './prompt.ts';

/**
 * The mark is base64 without padding, so that what follows it still is base64 where it was: clients of Google's read signatures as
 * bytes. Its length is a multiple of three bytes: `turnpike-seal1:`, the slug, and colons to fill up.
 */
const MARK = Buffer.from('turnpike-seal1:').toString('base64');
/** Base64 letters that hold every slug. */
const MOST_LETTERS = 400;

/** What stands around a mark where Responses have no place for another vendor's seal. */
const ENVELOPE = 'tp1:';

/** Formats whose seals open with one provider alone. */
const BOUND: ReadonlySet<unknown> = new Set<ReasoningFormat>([
  'openai-responses-v1',
  'xai-responses-v1',
  'google-gemini-v1',
]);

/** Members that hold nothing but seals. */
const SEALS: ReadonlySet<string> = new Set(['encrypted_content', 'thoughtSignature', 'thought_signature']);
/** Members that hold one where `format` says so, in `reasoning_details` and in a typed prompt. */
const FORMATTED: ReadonlySet<string> = new Set(['signature', 'data', 'redacted']);
/** Items that stand for a conversation which nobody else can read. */
const WHOLE_CONVERSATIONS: ReadonlySet<unknown> = new Set(['compaction', 'context_compaction']);

/**
 * Google's own word for a call whose signature is not at hand (its guide on thought signatures): its models refuse a call without any.
 */
export const UNSIGNED = 'skip_thought_signature_validator';

/** How deep vendors nest what they seal. */
const MOST_DEPTH = 12;

export interface Origin {
  /** A provider's slug. */
  readonly provider: string;
  /** Without it the conversation is not understood. A thought can be left out. */
  readonly isNeeded: boolean;
}

/** The seal as a client gets it; one that another gateway like this one has marked is marked again. */
export function sealedBy(seal: string, provider: string): string {
  if (seal === '') return seal;
  const told = `${provider}:`;
  return MARK + Buffer.from(told.padEnd(Math.ceil(told.length / 3) * 3, ':')).toString('base64') + seal;
}

/** Null: it bears no mark, so nobody here knows who sealed it. */
export function sealerOf(text: string): { readonly provider: string; readonly seal: string } | null {
  if (!text.startsWith(MARK)) return null;
  const rest = text.slice(MARK.length);
  const told = Buffer.from(rest.slice(0, MOST_LETTERS), 'base64').toString('latin1');
  const length = told.indexOf(':');
  if (length < 1) return null;
  return { provider: told.slice(0, length), seal: rest.slice(Math.ceil((length + 1) / 3) * 4) };
}

/** Marks, in place, the seals among the members of each: details of a thought, an item of Responses, a part of Google's. */
export function markSeals(holders: readonly unknown[], provider: string): void {
  for (const holder of holders) {
    if (!isJsonObject(holder)) continue;
    for (const name in holder) {
      const seal = holder[name];
      const isSeal = SEALS.has(name) || (FORMATTED.has(name) && BOUND.has(holder['format']));
      if (isSeal && typeof seal === 'string') holder[name] = sealedBy(seal, provider);
    }
  }
}

/** The same of calls in OpenAI's dialect, beside which Google's signatures stand. */
export function markCallSeals(calls: readonly unknown[], provider: string): void {
  for (const call of calls) {
    const extra = isJsonObject(call) ? call['extra_content'] : undefined;
    if (isJsonObject(extra)) markSeals(Object.values(extra), provider);
  }
}

/** Marks, in place, the container in which a vendor's tools worked: nobody else has it. `holder`: a message of Anthropic's, or its end. */
export function markContainer(holder: unknown, provider: string): void {
  const container = isJsonObject(holder) ? holder['container'] : null;
  if (isJsonObject(container) && typeof container['id'] === 'string')
    container['id'] = sealedBy(container['id'], provider);
}

/** The container that a request of Anthropic's dialect wants to go on with; null: none, or a new one. */
export function containerIdOf({ container }: JsonObject): string | null {
  const id = isJsonObject(container) ? container['id'] : container;
  return typeof id === 'string' ? id : null;
}

/** The providers whose seals a request holds, as they follow each other in it. */
export function originsIn({ native, prompt, hidesSeals = false }: ChatPayload): readonly Origin[] {
  const origins: Origin[] = [];
  const note = (text: string, holder: JsonObject) => {
    const provider = sealerOf(text)?.provider;
    if (provider !== undefined) origins.push({ provider, isNeeded: WHOLE_CONVERSATIONS.has(holder['type']) });
  };
  const container = sealerOf(containerIdOf(native.body) ?? '');
  if (container !== null) origins.push({ provider: container.provider, isNeeded: true });
  let isEnveloped = hidesSeals;
  eachSeal(conversationOf(native.body), (text, holder) => {
    note(text, holder);
    isEnveloped ||= text.startsWith(ENVELOPE);
  });
  if (!isEnveloped) return origins;
  try {
    eachSeal(prompt().messages, note);
  } catch (thrown) {
    // What cannot be said in other words is refused where those are asked for.
    if (!(thrown instanceof TurnpikeError)) throw thrown;
  }
  return origins;
}

/** The same request as one provider is to get it: with its own seals bare, and without those of others. */
export function payloadFor(payload: ChatPayload, provider: string): ChatPayload {
  const { native } = payload;
  let prompt: ChatPrompt | undefined;
  return {
    ...payload,
    native: { ...native, body: withContainer(openedFor(native.body, provider, 0) as JsonObject) },
    prompt: () => {
      prompt ??= openedFor(payload.prompt(), provider, 0) as ChatPrompt;
      return prompt;
    },
  };
}

/** Only its maker is ever asked to go on with it. */
function withContainer(body: JsonObject): JsonObject {
  const { container } = body;
  const sealer = sealerOf(containerIdOf(body) ?? '');
  if (sealer === null) return body;
  return { ...body, container: isJsonObject(container) ? { ...container, id: sealer.seal } : sealer.seal };
}

/** Of a body in any dialect. */
function conversationOf({ messages, input, contents }: JsonObject): unknown {
  return messages ?? input ?? contents;
}

function eachSeal(value: unknown, visit: (text: string, holder: JsonObject) => void, depth = 0): void {
  if (depth > MOST_DEPTH || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const entry of value) eachSeal(entry, visit, depth + 1);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const name in value) {
    const member = value[name];
    if (typeof member !== 'string') eachSeal(member, visit, depth + 1);
    else if (SEALS.has(name) || FORMATTED.has(name)) visit(member, value);
  }
}

/** The same value where nothing in it is sealed; undefined: nothing is left of it. */
function openedFor(value: unknown, provider: string, depth: number): unknown {
  if (depth > MOST_DEPTH || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const entries = value.map((entry) => openedFor(entry, provider, depth + 1));
    if (entries.every((entry, at) => entry === value[at])) return value;
    return entries.filter((entry, at) => entry !== undefined || value[at] === undefined);
  }
  if (!isJsonObject(value)) return value;
  let result = value;
  let isForeign = false;
  for (const name in value) {
    const member = value[name];
    const sealer =
      typeof member === 'string' && (SEALS.has(name) || FORMATTED.has(name)) ? sealerOf(member) : null;
    const isOwn = sealer?.provider === provider;
    const told = sealer === null ? openedFor(member, provider, depth + 1) : isOwn ? sealer.seal : undefined;
    isForeign ||= sealer !== null && !isOwn;
    if (told === member) continue;
    if (result === value) result = { ...value };
    if (told !== undefined) result[name] = told;
    else if (isOfACall(name, value)) result[name] = UNSIGNED;
    else delete result[name];
  }
  return isForeign && isEmpty(result) ? undefined : result;
}

function isOfACall(name: string, { functionCall }: JsonObject): boolean {
  return name === 'thought_signature' || (name === 'thoughtSignature' && functionCall !== undefined);
}

/** A thought of which nothing but its seal was there: a detail of chat completions, or a part of a typed prompt. */
function isEmpty({ type, text }: JsonObject): boolean {
  return type === 'reasoning.encrypted' || (type === 'reasoning' && text === '');
}
