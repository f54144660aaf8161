/** What is to be embedded, in the middle: as every caller and every provider can say it. */
import type { JsonObject } from '../json.ts';

/** One list, of one kind: texts, texts that the caller has cut into tokens, or lists of parts with pictures, sounds and the like. */
export type EmbeddingsInput =
  | { readonly kind: 'texts'; readonly items: readonly string[] }
  | { readonly kind: 'tokens'; readonly items: readonly (readonly number[])[] }
  | { readonly kind: 'parts'; readonly items: readonly JsonObject[] };

export interface EmbeddingsPayload {
  readonly input: EmbeddingsInput;
  /** How long each vector is to be; null: as the model makes them. */
  readonly dimensions: number | null;
  /** What the vectors are for (`search_query`, `search_document`), in the vendor's words. */
  readonly inputType: string | null;
  /** What each input is headed by, for models that read it as such; as many as inputs. Null: none has one. */
  readonly titles: readonly (string | null)[] | null;
  /** How the caller reads a vector; its provider may write it either way. */
  readonly encoding: Encoding;
  /** Members that we do not know, for the provider. */
  readonly others: JsonObject;
}

/** `base64`: of little-endian 32-bit floats. */
export type Encoding = 'float' | 'base64';
