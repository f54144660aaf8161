/** What each known provider offers, told from the data packages: which models, under which ids, at which prices. */

import type { Pricing } from '../pricing/price.ts';
import { loadFacts, type ModelFacts } from './facts.ts';
import { canonicalId, familyPlace, type KnownIds, knownIds, spellingKey } from './identity.ts';
import type { KnownProvider } from './known-providers.ts';
import { loadPriceBook, type PriceBook, type PriceEntry } from './price-book.ts';
import type { PriceList } from './price-list.ts';

export interface Offer {
  readonly modelId: string;
  readonly upstreamModel: string;
  readonly name: string;
  readonly description: string;
  /** Unix seconds; 0: unknown. */
  readonly released: number;
  readonly knowledgeCutoff: string | null;
  readonly contextLength: number;
  readonly maxCompletionTokens: number | null;
  readonly inputModalities: readonly string[];
  readonly inputsAreKnown: boolean;
  readonly outputModalities: readonly string[];
  readonly reasoning: boolean;
  readonly supportedParameters: readonly string[];
  readonly pricing: Pricing;
}

/** What every provider's list is read with. */
export interface Sources {
  readonly book: PriceBook;
  readonly ids: KnownIds;
  /** What OpenRouter's own list says, by id. */
  readonly canonical: ReadonlyMap<string, ModelFacts>;
}

/** `prices`: those of the last sync; null: the data package's. */
export async function loadSources(nowMs: number, prices: PriceList | null): Promise<Sources> {
  const [book, facts] = await Promise.all([loadPriceBook(nowMs, prices), loadFacts('openrouter')]);
  const canonical = new Map(facts.map((model) => [model.upstreamModel.toLowerCase(), model]));
  const ids = knownIds([...canonical.keys(), ...book.entries('openrouter').map((entry) => entry.id)]);
  return { book, ids, canonical };
}

export async function loadOffers(known: KnownProvider, sources: Sources): Promise<readonly Offer[]> {
  const facts = [...(await loadFacts(known.dataSource))].sort((a, b) => b.released - a.released);
  const offers = new Map<string, Offer>();
  const priced = new Set<PriceEntry>();
  for (const model of facts) {
    const entry = priceEntry(known, model.upstreamModel, sources.book);
    if (entry !== null) priced.add(entry);
    const pricing = trusted(entry?.pricing ?? model.pricing, model.upstreamModel);
    if (pricing === null || entry?.deprecated === true) continue;
    const modelId = freeId(known, model.upstreamModel, sources.ids, offers);
    offers.set(modelId, offerOf(modelId, model, entry, pricing, sources));
  }
  addNewerModels(known, facts, priced, sources, offers);
  return [...offers.values()];
}

function originOf(known: KnownProvider) {
  return {
    defaultAuthor: known.author,
    fallbackAuthor: known.slug,
    upstreamPrefix: known.upstreamPrefix,
  };
}

/** The newest of a provider's dated versions takes the model's id; older ones keep their own names. */
function freeId(
  known: KnownProvider,
  upstreamModel: string,
  ids: KnownIds,
  taken: ReadonlyMap<string, Offer>,
): string {
  const { id } = canonicalId(upstreamModel, originOf(known), ids);
  if (!taken.has(id)) return id;
  const author = id.slice(0, id.indexOf('/'));
  return `${author}/${bareName(known, upstreamModel).toLowerCase()}`;
}

function bareName(known: KnownProvider, upstreamModel: string): string {
  const bare = upstreamModel.startsWith(known.upstreamPrefix)
    ? upstreamModel.slice(known.upstreamPrefix.length)
    : upstreamModel;
  return bare.slice(bare.lastIndexOf('/') + 1);
}

function priceEntry(known: KnownProvider, upstreamModel: string, book: PriceBook): PriceEntry | null {
  if (known.priceSource === null) return null;
  return book.find(known.priceSource, withoutPrefix(known, upstreamModel));
}

function withoutPrefix(known: KnownProvider, upstreamModel: string): string {
  return upstreamModel.startsWith(known.upstreamPrefix)
    ? upstreamModel.slice(known.upstreamPrefix.length)
    : upstreamModel;
}

/** A paid service's entry that costs nothing is far more often a gap in the data than a gift: only `:free` may be free. */
function trusted(pricing: Pricing | null, upstreamModel: string): Pricing | null {
  if (pricing === null || upstreamModel.endsWith(':free')) return pricing;
  return pricing.base.prompt === 0n && pricing.base.completion === 0n ? null : pricing;
}

function offerOf(
  modelId: string,
  model: ModelFacts,
  entry: PriceEntry | null,
  pricing: Pricing,
  sources: Sources,
): Offer {
  const canonical = sources.canonical.get(modelId);
  return {
    modelId,
    upstreamModel: model.upstreamModel,
    name: canonical?.name ?? model.name,
    description: entry?.description ?? '',
    released: canonical?.released ?? model.released,
    knowledgeCutoff: canonical?.knowledgeCutoff ?? model.knowledgeCutoff,
    contextLength: model.contextLength,
    maxCompletionTokens: model.maxCompletionTokens,
    inputModalities: model.inputModalities,
    inputsAreKnown: model.inputsAreKnown,
    outputModalities: model.outputModalities,
    reasoning: model.reasoning,
    supportedParameters: parametersOf(model),
    pricing,
  };
}

/** Not text models, or not plain names of one: speech, pictures, sessions, moderation, patterns for fine-tunes. */
const NOT_A_CHAT_MODEL =
  /realtime|transcribe|whisper|tts|audio|voice|voxtral|image|vision-001|live|omni|moderation|guard|computer-use|ocr|instruct$|^ft|\.ft-|extended|:(?!free$)/;
const EMBEDDINGS = /embed/;
/** What an input may have of tokens, where no list says it: from the vendor's own page on embeddings. */
const EMBEDDINGS_CONTEXT: Readonly<Record<string, number>> = { 'google/gemini-embedding-001': 2048 };

/** Models that only the prices know: newer than the facts. What they can do is taken from the nearest relative. */
function addNewerModels(
  known: KnownProvider,
  facts: readonly ModelFacts[],
  priced: ReadonlySet<PriceEntry>,
  sources: Sources,
  offers: Map<string, Offer>,
): void {
  if (known.priceSource === null) return;
  for (const entry of sources.book.entries(known.priceSource)) {
    if (priced.has(entry) || entry.deprecated || !isPlainName(known, entry)) continue;
    const upstreamModel = `${known.upstreamPrefix}${entry.id}`;
    const pricing = trusted(entry.pricing, upstreamModel);
    const { id } = canonicalId(upstreamModel, originOf(known), sources.ids);
    const contextLength =
      entry.contextLength ?? listedContext(id, sources.book) ?? EMBEDDINGS_CONTEXT[id] ?? null;
    if (pricing === null || contextLength === null || offers.has(id)) continue;
    const embeddings = EMBEDDINGS.test(entry.id);
    if (!embeddings && pricing.base.completion === 0n && !id.endsWith(':free')) continue;
    const relative = embeddings ? null : nearestRelative(id, known, facts);
    const model: ModelFacts = {
      upstreamModel,
      name: entry.name ?? entry.id,
      released: 0,
      knowledgeCutoff: null,
      contextLength,
      maxCompletionTokens: null,
      inputModalities: relative?.inputModalities ?? ['text'],
      inputsAreKnown: relative?.inputsAreKnown ?? false,
      outputModalities: embeddings ? ['embeddings'] : ['text'],
      reasoning: relative?.reasoning ?? false,
      temperature: relative?.temperature ?? true,
      tools: relative?.tools ?? false,
      pricing: null,
    };
    offers.set(id, offerOf(id, model, entry, pricing, sources));
  }
}

function isPlainName(known: KnownProvider, entry: PriceEntry): boolean {
  const id = entry.id.toLowerCase();
  return entry.matches(id) && known.notServed?.test(id) !== true && !NOT_A_CHAT_MODEL.test(id);
}

function listedContext(modelId: string, book: PriceBook): number | null {
  return book.entries('openrouter').find((entry) => entry.id === modelId)?.contextLength ?? null;
}

/** Words in common count most, then words too many, then how far the names run alike; the newest of equals. */
function nearestRelative(id: string, known: KnownProvider, facts: readonly ModelFacts[]): ModelFacts | null {
  const own = id.slice(id.indexOf('/') + 1);
  const ownWords = wordsOf(own);
  let nearest: ModelFacts | null = null;
  let best = 0;
  for (const model of facts) {
    const name = bareName(known, model.upstreamModel);
    const words = wordsOf(name);
    const shared = [...ownWords].filter((word) => words.has(word)).length;
    if (shared === 0) continue;
    const score = shared * 1000 - (words.size - shared) * 100 + alikeLength(own, name);
    if (score > best) {
      nearest = model;
      best = score;
    }
  }
  return nearest;
}

function alikeLength(a: string, b: string): number {
  const [one, other] = [spellingKey(a), spellingKey(b)];
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}

function wordsOf(slug: string): ReadonlySet<string> {
  const family = familyPlace(slug.replace(/:.*$/, ''))?.family ?? slug;
  return new Set(spellingKey(family).split('-'));
}

function parametersOf(model: ModelFacts): readonly string[] {
  if (model.outputModalities.includes('embeddings')) return [];
  return [
    ...(model.temperature ? ['temperature', 'top_p', 'frequency_penalty', 'presence_penalty'] : []),
    'max_tokens',
    'max_completion_tokens',
    'seed',
    'stop',
    'response_format',
    ...(model.tools ? ['structured_outputs', 'tools', 'tool_choice', 'parallel_tool_calls'] : []),
    ...(model.reasoning ? ['reasoning', 'include_reasoning', 'reasoning_effort'] : []),
  ];
}
