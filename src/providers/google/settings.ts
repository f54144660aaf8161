/** The settings of a typed prompt as Google's `generationConfig`. */
import type { ChatPrompt } from '../../chat/prompt.ts';
import { invalidRequest } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';

/** Everybody's names of parameters, and Google's. */
const NAMES: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  top_p: 'topP',
  top_k: 'topK',
  seed: 'seed',
  presence_penalty: 'presencePenalty',
  frequency_penalty: 'frequencyPenalty',
  logprobs: 'responseLogprobs',
  top_logprobs: 'logprobs',
  n: 'candidateCount',
};

/** Without them an answer has another style at most, or costs more: Google has no word for them. */
const STYLE = new Set([
  ...['min_p', 'top_a', 'repetition_penalty', 'logit_bias', 'verbosity', 'prediction', 'store'],
  ...['prompt_cache_key', 'prompt_cache_retention', 'prompt_cache_options', 'cache_control'],
  ...['safety_identifier', 'service_tier'],
]);

const MOST_STOPS = 5;

/** `without`: parameters that the model does not know. Throws a 400 for what would change more than the style of an answer. */
export function settingsOfPrompt(prompt: ChatPrompt, without: readonly string[]): JsonObject {
  const settings: JsonObject = {};
  for (const [name, value] of Object.entries(prompt.parameters)) {
    if (value === null || value === undefined || without.includes(name)) continue;
    const own = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
    if (own !== undefined) {
      if (value !== false) settings[own] = value;
    } else if (name === 'modalities') settings['responseModalities'] = modalitiesOf(value);
    else if (!STYLE.has(name))
      throw invalidRequest(`${name} cannot be said to this model's provider, Google`);
  }
  if (prompt.stop.length > MOST_STOPS)
    throw invalidRequest(`This model's provider, Google, takes at most ${MOST_STOPS} stop sequences`);
  if (prompt.stop.length > 0) settings['stopSequences'] = prompt.stop;
  const { format } = prompt;
  if (format !== null && format.type !== 'text') settings['responseMimeType'] = 'application/json';
  if (format?.type === 'schema') settings['responseJsonSchema'] = format.schema;
  return settings;
}

function modalitiesOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map((modality) => String(modality).toUpperCase()) : [];
}
