/** What a path of Google's API asks for: `models/google/gemini-2.5-pro:generateContent`. */
import { TurnpikeError } from '../../errors.ts';

/** What models that chat can be asked. */
export const CHAT_METHODS = ['generateContent', 'streamGenerateContent', 'countTokens'] as const;
/** What models that embed can be asked. */
export const EMBEDDING_METHODS = ['embedContent', 'batchEmbedContents'] as const;

const METHODS = [...CHAT_METHODS, ...EMBEDDING_METHODS] as const;

export type Method = (typeof METHODS)[number];
export type EmbeddingMethod = (typeof EMBEDDING_METHODS)[number];

export function isEmbedding(method: Method): method is EmbeddingMethod {
  return method === 'embedContent' || method === 'batchEmbedContents';
}

export interface Asked {
  readonly model: string;
  readonly method: Method;
}

/**
 * From the parameters of a route: `id`, or `author` and `slug`. A model's id may hold a slash, escaped or not, and colons of its own
 * (`:free`); `models/` before it is Google's. Throws a 404 for a method that is not here.
 */
export function askedOf(params: Readonly<Record<string, string>>): Asked {
  const { id, author, slug } = params;
  const path = id ?? `${author ?? ''}/${slug ?? ''}`;
  const colon = path.lastIndexOf(':');
  const named = colon === -1 ? undefined : path.slice(colon + 1);
  const method = METHODS.find((known) => known === named);
  if (method === undefined) {
    throw new TurnpikeError('not_found', {
      message: `Here a model is asked by one of :${METHODS.join(', :')}`,
    });
  }
  return { model: modelOf(path.slice(0, colon)), method };
}

/** Google's own names (`gemini-2.5-pro`) are names without an author. */
export function modelOf(name: string): string {
  const id = name.startsWith('models/') ? name.slice('models/'.length) : name;
  return id.includes('/') ? id : `google/${id}`;
}
