/** Wire format to adapter. */

import type { UpstreamClient } from '../upstream/upstream.ts';
import type { ProviderAdapter } from './adapter.ts';
import { anthropic } from './anthropic/adapter.ts';
import { echo } from './echo/adapter.ts';
import { openAiCompatible } from './openai-compatible/adapter.ts';
import type { WireFormat } from './wire-format.ts';

export type Adapters = Readonly<Record<WireFormat, ProviderAdapter>>;

/** All adapters; those that leave the process go out through `client`. */
export function createAdapters(client: UpstreamClient): Adapters {
  return {
    openai: openAiCompatible(client),
    anthropic: anthropic(client),
    echo,
  };
}
