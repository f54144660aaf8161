/**
 * Which members of a Messages request may make a provider do paid work of which the catalogue knows no price, or more of the priced
 * kind than its caps bound. Under a limit only what is known to be free, or priced by tokens, goes to a provider.
 */
import { isJsonObject, type JsonObject } from '../../json.ts';

/** They change what is said, not what is charged beyond its tokens. */
const FREE_MEMBERS = new Set([
  ...['messages', 'system', 'max_tokens', 'stop_sequences', 'temperature', 'top_p', 'top_k'],
  ...['tool_choice', 'thinking', 'output_config', 'output_format', 'metadata', 'cache_control', 'safeguards'],
]);

/** Tools that the client runs itself, by the name before their date. Others run at the provider, which samples again behind each. */
const CLIENT_TOOLS = new Set(['custom', 'bash', 'text_editor', 'computer', 'memory']);

/** Compared as vendors compare them, who mostly ignore case. Tiers that cost more go to endpoints alone that have a price for them. */
const PLAIN_TIERS = new Set([
  ...['auto', 'default', 'standard', 'standard_only', 'flex', 'batch'],
  ...['priority', 'fast', 'ultrafast'],
]);

/** What they take out of the context is not charged; compaction is a run of its own, which is. */
const FREE_EDITS = /^clear_(?:thinking|tool_uses)_\d+$/;

/** `body` holds what would go to a provider. */
export function unpricedMembers(body: JsonObject): string[] {
  const members: string[] = [];
  for (const name in body)
    if (!FREE_MEMBERS.has(name) && !isKnownToBeFree(name, body[name])) members.push(name);
  return members;
}

/** The value decides. */
function isKnownToBeFree(name: string, value: unknown): boolean {
  switch (name) {
    case 'tools':
      return Array.isArray(value) && value.every((tool) => isJsonObject(tool) && isClientTool(tool['type']));
    case 'service_tier':
      return typeof value === 'string' && PLAIN_TIERS.has(value.toLowerCase());
    case 'speed':
      return typeof value === 'string' && (value === 'fast' || value.toLowerCase() === 'standard');
    case 'inference_geo':
      return value === 'global';
    case 'context_management':
      return (
        isJsonObject(value) &&
        Object.keys(value).every((member) => member === 'edits') &&
        listed(value['edits']).every(({ type }) => typeof type === 'string' && FREE_EDITS.test(type))
      );
    default:
      // Whatever it is, it is switched off.
      return value === false || (Array.isArray(value) && value.length === 0);
  }
}

/** A tool without a type is one of the client's own. */
export function isClientTool(type: unknown): boolean {
  return (type ?? null) === null || (typeof type === 'string' && CLIENT_TOOLS.has(type.replace(/_\d+$/, '')));
}

/** What is no object in it is one without a type. */
function listed(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.map((item) => (isJsonObject(item) ? item : {})) : [];
}
