/** A model as `GET /models` shows it: every key the official client requires, null only where it accepts null. */

import { pricingJson } from '../pricing/json.ts';
import type { ModelAnswer } from './answers.ts';
import type { Model } from './model.ts';

export function modality(model: Model): string {
  return `${model.inputModalities.join('+')}->${model.outputModalities.join('+')}`;
}

/** Every parameter that at least one endpoint takes. */
export function supportedParameters(model: Model): readonly string[] {
  return [...new Set(model.endpoints.flatMap((endpoint) => endpoint.supportedParameters))];
}

export function detailsPath(modelId: string): string {
  return `/api/v1/models/${modelId}/endpoints`;
}

/** Shown for models whose date nobody told: clients take 0 for a missing member. 2025-01-01 in seconds. */
const UNDATED = 1_735_689_600;

/** `alias`: the row of a `~author/family-latest` name, which shows its target's facts and price. */
export function modelJson(model: Model, nowMs: number, alias: string | null = null): ModelAnswer {
  const [top] = model.endpoints;
  if (top === undefined) throw new Error(`model ${model.id} has no endpoint`);
  const id = alias ?? model.id;
  return {
    id,
    // What clients of OpenAI's own API look for beside OpenRouter's members.
    object: 'model',
    owned_by: id.replace(/^~/, '').split('/', 1)[0] ?? '',
    canonical_slug: alias ?? model.canonicalSlug,
    hugging_face_id: model.huggingFaceId,
    name: alias === null ? model.name : `${model.name} (latest)`,
    // What clients of Anthropic's API show where they let choose.
    display_name: alias === null ? model.name : `${model.name} (latest)`,
    created: model.created === 0 ? UNDATED : model.created,
    description: model.description,
    context_length: model.contextLength,
    architecture: {
      modality: modality(model),
      input_modalities: model.inputModalities,
      output_modalities: model.outputModalities,
      tokenizer: model.tokenizer,
      instruct_type: model.instructType,
    },
    pricing: pricingJson(top.pricing, nowMs),
    top_provider: {
      context_length: top.contextLength,
      max_completion_tokens: top.maxCompletionTokens,
      is_moderated: false,
    },
    per_request_limits: null,
    supported_parameters: supportedParameters(model),
    default_parameters: null,
    supported_voices: null,
    knowledge_cutoff: model.knowledgeCutoff,
    expiration_date: model.expirationDate,
    links: { details: detailsPath(id) },
    ...(alias !== null && { alias_target: { name: model.name, slug: model.id } }),
    ...(model.reasoning !== null && { reasoning: reasoningJson(model.reasoning) }),
  };
}

function reasoningJson(reasoning: NonNullable<Model['reasoning']>): NonNullable<ModelAnswer['reasoning']> {
  return {
    mandatory: reasoning.mandatory,
    ...(reasoning.defaultEnabled !== undefined && { default_enabled: reasoning.defaultEnabled }),
    ...(reasoning.supportedEfforts !== undefined && { supported_efforts: reasoning.supportedEfforts }),
  };
}
