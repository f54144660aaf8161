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

/**
 * Codex refuses a list whose models have no instructions, and sends those that it got in place of the prompt that it has of its own: an
 * empty text would leave the model without any.
 */
const INSTRUCTIONS = [
  'You are a coding agent in a terminal, working with the user in one directory.',
  'Find out by reading files and running commands with the tools that you are given; do not guess what you can look up.',
  'Go on until what was asked is done and checked, then say briefly what you did and what is left.',
  'Change as little as the task needs, in the style of the code around it, and mend causes rather than symptoms.',
  'Obey AGENTS.md files: each holds for its directory and what lies below, the deeper one comes first, and the user comes before all.',
  'Never revert changes that you did not make, and run nothing that destroys work unless the user asked for it.',
  'Commit and push only when the user asks for it.',
  'Run the tests that there are for what you changed, and report honestly when they fail or could not be run.',
  'Where the sandbox or the approval policy stops a command, say so, or ask as the policy provides.',
  'For work of several steps keep a short plan, and tell in a sentence what you are about to do before you do it.',
].join('\n');

/** Models that answer in text (what else there is, an agent cannot work with), and that Codex does not know better than we do. */
export function isForCodex(model: Model): boolean {
  return model.outputModalities.includes('text') && !isKnownToCodex(model.id);
}

/**
 * OpenAI's models of Codex's own catalogue: it has their instructions, tools and efforts with it, and finds them by the part of an id
 * that follows the author's name. An entry of ours would take their place, and so would any whose name an id begins with: GPT-5 is
 * left out for the sake of GPT-5.5 (`find_model_by_longest_prefix` and `find_model_by_namespaced_suffix` of its `models-manager`).
 */
export function isKnownToCodex(id: string): boolean {
  if (id === 'openai/gpt-5') return true;
  const [, major = '0', minor = '0'] = /^openai\/gpt-(\d+)(?:\.(\d+))?/.exec(id) ?? [];
  return Number(major) > 5 || (major === '5' && (Number(minor) >= 5 || id.includes('-codex')));
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
    base_instructions: INSTRUCTIONS,
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
