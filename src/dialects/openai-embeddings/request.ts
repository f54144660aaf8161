/** OpenAI's embeddings request as OpenRouter extends it: `POST /embeddings`. */
import type { Encoding } from '../../embeddings/payload.ts';
import { invalidRequest } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { parsePreferences } from '../../routing/preferences.ts';
import type { EmbeddingsRequest } from '../dialect.ts';
import { parseInput, sizeOf } from '../embeddings-input.ts';
import { boundedText, optionalInteger } from '../request-members.ts';

/** Members that the gateway reads or writes itself. */
const OWN_MEMBERS = new Set([
  'model',
  'models',
  'input',
  'encoding_format',
  'dimensions',
  'input_type',
  'user',
  'provider',
  'session_id',
  'trace',
  'stream',
  'stream_options',
  'route',
  'preset',
  'plugins',
  'transforms',
  'usage',
  'metadata',
]);

/** Members of vendors' that ask for no other work than embedding: how to cut and how to scale. */
const WITHOUT_PRICE = new Set([
  'truncate',
  'truncation',
  'truncate_prompt_tokens',
  'add_special_tokens',
  'normalize',
  'normalized',
  'task',
  'late_chunking',
  'prompt_name',
  'instruction',
]);

/** Throws a 400 that names the member. `bodyBytes` is the size of the text that `body` was parsed from. */
export function parseEmbeddingsRequest(body: JsonObject, bodyBytes: number): EmbeddingsRequest {
  const { model } = body;
  if (typeof model !== 'string' || model === '')
    throw invalidRequest('model must be the id of a model, such as "openai/text-embedding-3-small"');
  refuseUnavailable(body);
  const parsed = parseInput(body['input']);
  const { input, media, inputBytes } = parsed;
  const others: JsonObject = {};
  for (const name in body) {
    const value = body[name];
    if (!OWN_MEMBERS.has(name) && value !== null && value !== undefined) others[name] = value;
  }
  return {
    operation: 'embeddings',
    modelIds: [model],
    stream: false,
    size: sizeOf(parsed),
    bodyBytes,
    inputBytes,
    preferences: parsePreferences(body['provider']),
    // No list of `supported_parameters` speaks of those of embeddings: the wire format says what it can pass on.
    usedParameters: [],
    mediaKinds: media.kinds,
    unpriced: [...Object.keys(others).filter((name) => !WITHOUT_PRICE.has(name)), ...media.unpriced],
    payload: {
      input,
      dimensions: optionalInteger(body, 'dimensions', 1),
      inputType: boundedText(body, 'input_type', 64),
      titles: null,
      encoding: parseEncoding(body['encoding_format']),
      others,
    },
    sessionId: boundedText(body, 'session_id', 256),
    user: boundedText(body, 'user', 1024),
  };
}

function refuseUnavailable(body: JsonObject): void {
  if ((body['models'] ?? null) !== null)
    throw invalidRequest('models is not available for embeddings: vectors of two models cannot be compared');
  if ((body['stream'] ?? false) !== false)
    throw invalidRequest('stream must be false: embeddings are not streamed');
  const plugins = body['plugins'];
  if (Array.isArray(plugins) && plugins.length > 0)
    throw invalidRequest('plugins are not available on this gateway');
  if (typeof body['preset'] === 'string') throw invalidRequest('presets are not available on this gateway');
}

function parseEncoding(value: unknown): Encoding {
  if (value === undefined || value === null) return 'float';
  if (value !== 'float' && value !== 'base64')
    throw invalidRequest('encoding_format must be "float" or "base64"');
  return value;
}
