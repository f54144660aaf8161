/** Wire format to adapter. */

import type { UpstreamClient } from '../upstream/upstream.ts';
import type { ProviderAdapter } from './adapter.ts';
import { aiSdk, type OnIgnored } from './ai-sdk/adapter.ts';
import type { LoadedProvider } from './ai-sdk/load.ts';
import { anthropic } from './anthropic/adapter.ts';
import { echo } from './echo/adapter.ts';
import { google } from './google/adapter.ts';
import { openAiCompatible } from './openai-compatible/adapter.ts';
import type { WireFormat } from './wire-format.ts';

export type Adapters = Readonly<Record<WireFormat, ProviderAdapter>>;

export interface SdkServices {
  /** By the provider's slug. */
  readonly loaded: Map<string, LoadedProvider>;
  readonly onIgnored: OnIgnored;
}

/** All adapters; those that leave the process go out through `client`, also the packages in `sdk`. */
export function createAdapters(client: UpstreamClient, { loaded, onIgnored }: SdkServices): Adapters {
  return {
    openai: openAiCompatible(client),
    anthropic: anthropic(client),
    google: google(client),
    'ai-sdk': aiSdk(loaded, onIgnored),
    echo,
  };
}
