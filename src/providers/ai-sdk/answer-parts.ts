/** What both a whole answer and a stream of the AI SDK's have in them: signatures, calls, pictures, sources. */
import type { LanguageModelV4File, LanguageModelV4Source, SharedV4ProviderMetadata } from '@ai-sdk/provider';
import { markCallSeals, markSeals } from '../../chat/origin.ts';
import type { OpaquePart, ReasoningFormat } from '../../chat/prompt.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import { type Addressee, signerOf } from './prompt.ts';

type Metadata = SharedV4ProviderMetadata | undefined;

/** Whose thought it is, and what proves or seals it. */
export interface ThoughtFacts {
  readonly format?: ReasoningFormat;
  readonly signature?: string;
  readonly redacted?: string;
}

export function thoughtFacts(metadata: Metadata, { traits, upstreamModel, origin }: Addressee): ThoughtFacts {
  const signer = signerOf(traits, upstreamModel);
  const own = metadata?.[traits.optionsKey];
  if (signer === null || own === undefined) return {};
  const signature = textOrNull(own[signer.signed]);
  const redacted = textOrNull(own['redactedData']) ?? textOrNull(own['redactedContent']);
  if (signature === null && redacted === null) return {};
  const facts = {
    format: signer.format,
    ...(signature === null ? {} : { signature }),
    ...(redacted === null ? {} : { redacted }),
  };
  if (origin !== undefined) markSeals([facts], origin);
  return facts;
}

/** What goes beside a call and has to come back with it. */
export function callExtra(metadata: Metadata, { origin }: Addressee): { readonly extra?: JsonObject } {
  const signature = textOrNull(metadata?.['googleVertex']?.['thoughtSignature']);
  if (signature === null) return {};
  const extra = { extra_content: { google: { thought_signature: signature } } };
  if (origin !== undefined) markCallSeals([extra], origin);
  return { extra };
}

export function pictureOf({ mediaType, data }: LanguageModelV4File): OpaquePart {
  const bytes =
    data.type === 'data' && typeof data.data !== 'string' ? Buffer.from(data.data).toString('base64') : null;
  const url =
    data.type === 'url' ? data.url.href : `data:${mediaType};base64,${bytes ?? (data.data as string)}`;
  return opaque({ images: [{ type: 'image_url', image_url: { url } }] });
}

/** Null: a source without an address. */
export function sourceOf(source: LanguageModelV4Source): OpaquePart | null {
  if (source.sourceType !== 'url') return null;
  const title = source.title === undefined ? {} : { title: source.title };
  return opaque({ annotations: [{ type: 'url_citation', url_citation: { url: source.url, ...title } }] });
}

function opaque(value: JsonObject): OpaquePart {
  return { type: 'opaque', dialect: 'openai-chat', value };
}

/** The tier that the vendor served from, where it says so. */
export function serviceTierOf(metadata: Metadata): string | null {
  const tier = metadata?.['amazonBedrock']?.['serviceTier'];
  return isJsonObject(tier) ? textOrNull(tier['type']) : null;
}

export function stopSequenceOf(metadata: Metadata, { traits }: Addressee): string | null {
  return textOrNull(metadata?.[traits.optionsKey]?.['stopSequence']);
}
