/** Wire format to adapter. */
import { echo } from './echo/adapter.ts';
import { openAiCompatible } from './openai-compatible/adapter.ts';
import type { ProviderAdapter } from './provider.ts';

export const adapters: Readonly<Record<'openai' | 'echo', ProviderAdapter>> = {
  openai: openAiCompatible,
  echo,
};
