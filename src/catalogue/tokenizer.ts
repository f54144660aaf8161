/** The tokenizer family that `architecture.tokenizer` names, told from a model's id. */

const families: readonly (readonly [RegExp, string])[] = [
  [/^openai\//, 'GPT'],
  [/^anthropic\//, 'Claude'],
  [/^google\/gemma/, 'Gemma'],
  [/^google\//, 'Gemini'],
  [/^x-ai\//, 'Grok'],
  [/^cohere\//, 'Cohere'],
  [/^amazon\//, 'Nova'],
  [/^qwen\/qwen3/, 'Qwen3'],
  [/^qwen\//, 'Qwen'],
  [/^deepseek\//, 'DeepSeek'],
  [/^mistralai\//, 'Mistral'],
  [/llama-?2/, 'Llama2'],
  [/llama-?3/, 'Llama3'],
  [/llama-?4/, 'Llama4'],
];

export function tokenizerOf(modelId: string): string {
  return families.find(([pattern]) => pattern.test(modelId))?.[1] ?? 'Other';
}
