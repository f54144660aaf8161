/** A router as OpenRouter lists it: -1 for a price that depends on whom it chooses. */
import type { JsonObject } from '../json.ts';
import type { Model } from './model.ts';
import { supportedParameters } from './model-json.ts';
import type { Router } from './routers.ts';

/** 2023-11-08 in seconds, as OpenRouter dates its own. */
const CREATED = 1_699_401_600;

const stand = new WeakMap<Router, Model>();

/** Its facts as those of a model that has no endpoint of its own. */
export function routerAsModel(router: Router): Model {
  let model = stand.get(router);
  if (model === undefined) {
    model = Object.freeze({
      id: router.slug,
      canonicalSlug: router.slug,
      name: router.name,
      description: router.description,
      created: CREATED,
      contextLength: Math.max(0, ...router.models.map(({ contextLength }) => contextLength ?? 0)) || null,
      inputModalities: [...new Set(router.models.flatMap(({ inputModalities }) => inputModalities))],
      inputsAreKnown: true,
      outputModalities: ['text'],
      tokenizer: 'Router',
      instructType: null,
      knowledgeCutoff: null,
      expirationDate: null,
      huggingFaceId: null,
      reasoning: null,
      distillable: false,
      endpoints: [],
    });
    stand.set(router, model);
  }
  return model;
}

export function parametersOfRouter({ models }: Router): readonly string[] {
  return [...new Set(models.flatMap(supportedParameters))];
}

export function routerJson(router: Router): JsonObject {
  const model = routerAsModel(router);
  const price = router.kind === 'free' ? '0' : '-1';
  return {
    id: model.id,
    object: 'model',
    owned_by: 'openrouter',
    canonical_slug: model.id,
    hugging_face_id: null,
    name: model.name,
    display_name: model.name,
    created: model.created,
    description: model.description,
    context_length: model.contextLength,
    architecture: {
      modality: `${model.inputModalities.join('+')}->text`,
      input_modalities: model.inputModalities,
      output_modalities: model.outputModalities,
      tokenizer: model.tokenizer,
      instruct_type: null,
    },
    pricing: { prompt: price, completion: price },
    top_provider: { context_length: null, max_completion_tokens: null, is_moderated: false },
    per_request_limits: null,
    supported_parameters: parametersOfRouter(router),
    default_parameters: null,
    supported_voices: null,
    knowledge_cutoff: null,
    expiration_date: null,
    links: { details: `/api/v1/models/${model.id}/endpoints` },
  };
}
