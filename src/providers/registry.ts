/** Wire format to adapter. */
import type { UpstreamClient } from '../upstream/upstream.ts';
import type { ProviderAdapter } from './adapter.ts';
import { echo } from './echo/adapter.ts';
import { openAiCompatible } from './openai-compatible/adapter.ts';
import type { WireFormat } from './wire-format.ts';

export function createAdapters(client: UpstreamClient): Readonly<Record<WireFormat, ProviderAdapter>> {
  return { openai: openAiCompatible(client), echo };
}
