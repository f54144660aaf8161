/** What OpenRouter offers at every door and is not built yet: refused by its name, not ignored and not left to the provider. */
import { invalidRequest } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { ROUTER_PLUGINS } from '../routing/router-settings.ts';

export function refuseUnbuilt(body: JsonObject): void {
  const plugins = body['plugins'];
  refusePlugins(plugins);
  if (typeof body['preset'] === 'string') throw invalidRequest('presets are not available on this gateway');
}

/** All but the settings of routers. */
export function refusePlugins(plugins: unknown): void {
  if (!Array.isArray(plugins)) return;
  const unbuilt = plugins.find((plugin) => !ROUTER_PLUGINS.has(plugin?.id));
  if (unbuilt === undefined) return;
  const id = typeof unbuilt?.id === 'string' ? `: ${unbuilt.id.slice(0, 64)}` : '';
  throw invalidRequest(`plugins are not available on this gateway${id}`);
}
