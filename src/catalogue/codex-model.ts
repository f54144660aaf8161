/**
 * A model as Codex CLI wants it told: it asks `GET /models?client_version=…` for a `models` array, whose members it requires as
 * `ModelInfo` in its `protocol/src/openai_models.rs` declares them, and works from guesses where one is missing.
 */
import type { Model } from './model.ts';
import { supportedParameters } from './model-json.ts';

/** Of a tool's output, as Codex cuts that of models that it does not know. */
const OUTPUT_BYTES = 10_000;

/** What Codex can name, in its order; others would make it refuse the whole list. */
const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'];
const USUAL_EFFORTS = ['low', 'medium', 'high'];

/** Models that answer in text: what else there is, an agent cannot work with. */
export function isForCodex(model: Model): boolean {
  return model.outputModalities.includes('text');
}

/** `priority`: the lowest comes first in its menu. `slug`: the model's id, or another name of it. */
export function codexModelJson(
  model: Model,
  { slug, name, priority }: { readonly slug: string; readonly name: string; readonly priority: number },
): Record<string, unknown> {
  const efforts = effortsOf(model);
  return {
    slug,
    display_name: name,
    description: model.description,
    ...(efforts.length > 0 && {
      default_reasoning_level: efforts.includes('medium') ? 'medium' : efforts[0],
    }),
    supported_reasoning_levels: efforts.map((effort) => ({ effort, description: effort })),
    shell_type: 'shell_command',
    visibility: 'list',
    supported_in_api: true,
    priority,
    upgrade: null,
    base_instructions: '',
    supports_reasoning_summaries: efforts.length > 0,
    support_verbosity: false,
    default_verbosity: null,
    apply_patch_tool_type: null,
    truncation_policy: { mode: 'bytes', limit: OUTPUT_BYTES },
    supports_parallel_tool_calls: supportedParameters(model).includes('parallel_tool_calls'),
    context_window: model.contextLength,
    experimental_supported_tools: [],
    input_modalities: model.inputModalities.filter((kind) => kind === 'text' || kind === 'image'),
  };
}

function effortsOf({ reasoning }: Model): readonly string[] {
  if (reasoning === null) return [];
  return EFFORTS.filter((effort) => (reasoning.supportedEfforts ?? USUAL_EFFORTS).includes(effort));
}
