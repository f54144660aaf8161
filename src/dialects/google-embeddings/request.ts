/**
 * Google's `embedContent`, and `batchEmbedContents`, which holds many of them. Rules: Google's API reference of `models.embedContent`,
 * whose `embedContentConfig` says the same as the members beside it, which are older.
 */
import { invalidRequest } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { parsePreferences } from '../../routing/preferences.ts';
import type { EmbeddingsRequest } from '../dialect.ts';
import { mustBeFew, parseParts, sizeOf } from '../embeddings-input.ts';
import { type EmbeddingMethod, modelOf } from '../google-generate/method.ts';
import { integerOf } from '../google-generate/request.ts';
import { inCamelCase } from '../google-generate/spelling.ts';
import { boundedText } from '../request-members.ts';
import { openRouterPart } from './part.ts';

/** One content, and what its caller wants its vector to be. */
interface Embedding {
  /** As OpenRouter writes it. */
  readonly item: { readonly content: readonly JsonObject[] };
  readonly dimensions: number | null;
  readonly taskType: string | null;
  readonly title: string | null;
  /** Of the configuration, those that are read by nobody here. */
  readonly others: JsonObject;
}

const MAX_TITLE_CHARACTERS = 100_000;
const OWN_MEMBERS = new Set([
  ...['model', 'content', 'taskType', 'title', 'outputDimensionality', 'embedContentConfig'],
  ...['models', 'provider', 'session_id', 'user'],
]);
/** How to read what is embedded: no other work than that. */
const WITHOUT_PRICE = new Set(['autoTruncate']);

/** Throws a 400 that names the member. `model` and `method` come from the path; `bodyBytes` is the size of the text that `sent` was parsed from. */
export function parseGoogleEmbeddings(
  sent: JsonObject,
  bodyBytes: number,
  { model, method }: { readonly model: string; readonly method: EmbeddingMethod },
): EmbeddingsRequest {
  const body = inCamelCase(sent, method);
  if ((body['models'] ?? null) !== null)
    throw invalidRequest('models is not available for embeddings: vectors of two models cannot be compared');
  const isBatch = method === 'batchEmbedContents';
  const at = (index: number) => (isBatch ? `requests[${index}].` : '');
  const asked = (isBatch ? requestsOf(body) : [body]).map((one, index) =>
    parseEmbedding(one, model, at(index)),
  );
  const parsed = parseParts(
    asked.map(({ item }) => item),
    (index) => `${at(index)}content`,
  );
  const [first] = asked as [Embedding, ...Embedding[]];
  for (const [index, one] of asked.entries()) mustBeAlike(one, first, at(index));
  const titles = asked.map(({ title }) => title);
  const titleBytes = titles.reduce((sum, title) => sum + Buffer.byteLength(title ?? ''), 0);
  return {
    operation: 'embeddings',
    modelIds: [model],
    stream: false,
    size: sizeOf(parsed, titleBytes),
    bodyBytes,
    inputBytes: parsed.inputBytes + titleBytes,
    preferences: parsePreferences(sent['provider']),
    usedParameters: [],
    mediaKinds: parsed.media.kinds,
    unpriced: [
      ...Object.keys(first.others).filter((name) => !WITHOUT_PRICE.has(name)),
      ...parsed.media.unpriced,
    ],
    payload: {
      input: parsed.input,
      dimensions: first.dimensions,
      inputType: inputTypeOf(first.taskType),
      titles: titles.every((title) => title === null) ? null : titles,
      encoding: 'float',
      others: first.others,
    },
    sessionId: boundedText(sent, 'session_id', 256),
    user: boundedText(sent, 'user', 1024),
  };
}

function requestsOf({ requests }: JsonObject): readonly JsonObject[] {
  if (!Array.isArray(requests) || requests.length === 0)
    throw invalidRequest('requests must be a list of at least one request');
  mustBeFew(requests, 'requests');
  for (const [index, one] of requests.entries())
    if (!isJsonObject(one)) throw invalidRequest(`requests[${index}] must be an object with content`);
  return requests;
}

function parseEmbedding(body: JsonObject, model: string, at: string): Embedding {
  const named = body['model'] ?? null;
  if (named !== null && (typeof named !== 'string' || modelOf(named) !== model))
    throw invalidRequest(`${at}model must be that of the path, models/${model}`);
  const config = body['embedContentConfig'] ?? {};
  if (!isJsonObject(config)) throw invalidRequest(`${at}embedContentConfig must be an object`);
  const members = { ...body, ...withoutNulls(config) };
  const others: JsonObject = {};
  for (const name in members)
    if (!OWN_MEMBERS.has(name) && (members[name] ?? null) !== null) others[name] = members[name];
  return {
    item: { content: partsOf(body['content'], `${at}content`) },
    dimensions: integerOf(members, 'outputDimensionality', 1),
    taskType: boundedText(members, 'taskType', 64),
    title: boundedText(members, 'title', MAX_TITLE_CHARACTERS) || null,
    others,
  };
}

function partsOf(content: unknown, at: string): readonly JsonObject[] {
  const parts = isJsonObject(content) ? content['parts'] : undefined;
  if (!Array.isArray(parts) || parts.length === 0)
    throw invalidRequest(`${at} must be an object with a list of at least one part`);
  return parts.map((part, index) => openRouterPart(part, `${at}.parts[${index}]`));
}

/** One batch is one request here, whose vectors are of one length and for one purpose. */
function mustBeAlike(one: Embedding, first: Embedding, at: string): void {
  if (one.dimensions !== first.dimensions)
    throw invalidRequest(`${at}outputDimensionality must be that of the first request of the batch`);
  if (one.taskType !== first.taskType)
    throw invalidRequest(`${at}taskType must be that of the first request of the batch`);
  if (!Bun.deepEquals(one.others, first.others))
    throw invalidRequest(`${at}embedContentConfig must be that of the first request of the batch`);
}

/** Google's words in OpenRouter's, which each vendor knows by its own. */
const INPUT_TYPES: Readonly<Record<string, string | null>> = {
  TASK_TYPE_UNSPECIFIED: null,
  RETRIEVAL_QUERY: 'search_query',
  RETRIEVAL_DOCUMENT: 'search_document',
};

function inputTypeOf(taskType: string | null): string | null {
  if (taskType === null || taskType === '') return null;
  const known = INPUT_TYPES[taskType.toUpperCase()];
  return known === undefined ? taskType.toLowerCase() : known;
}

function withoutNulls(config: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null));
}
