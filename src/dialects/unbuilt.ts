/** What OpenRouter offers at every door and is not built yet: refused by its name, not ignored and not left to the provider. */
import { invalidRequest } from '../errors.ts';
import type { JsonObject } from '../json.ts';

export function refuseUnbuilt(body: JsonObject): void {
  const plugins = body['plugins'];
  if (Array.isArray(plugins) && plugins.length > 0)
    throw invalidRequest('plugins are not available on this gateway');
  if (typeof body['preset'] === 'string') throw invalidRequest('presets are not available on this gateway');
}
