/** Anthropic's own names of its models (`claude-opus-4-5`, with or without a date), which Claude Code asks for by default. */
import type { Model } from './model.ts';

const AUTHOR = 'anthropic/';

/** What such a name and the slug of OpenRouter's id have in common; null: it is none. */
export function claudeName(name: string): string | null {
  if (!name.startsWith('claude-') || name.includes('/')) return null;
  return name.replace(/(?:-latest|[-@]\d{8})$/, '').replaceAll('.', '-');
}

/** By what `claudeName` gives. Of two that differ in their date alone the one without it. */
export function claudeModels(models: readonly Model[]): ReadonlyMap<string, Model> {
  const found = new Map<string, Model>();
  for (const model of models) {
    if (!model.id.startsWith(AUTHOR) || model.id.includes(':')) continue;
    const slug = model.id.slice(AUTHOR.length);
    const name = claudeName(slug);
    if (name === null) continue;
    const isUndated = slug.replaceAll('.', '-') === name;
    if (isUndated || !found.has(name)) found.set(name, model);
  }
  return found;
}
