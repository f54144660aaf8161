/**
 * Which members of a request may make a provider do paid work of which the catalogue knows no price: Google's search, its code
 * runner, pictures, speech, faster tiers, and whatever comes next. Only what is known to be free, or priced by tokens, is not named.
 */
import { isJsonObject, type JsonObject } from '../../json.ts';

const FREE_MEMBERS = new Set([
  'contents',
  'systemInstruction',
  'toolConfig',
  'safetySettings',
  'labels',
  'store',
]);

const FREE_SETTINGS = new Set([
  ...['temperature', 'topP', 'topK', 'maxOutputTokens', 'stopSequences', 'candidateCount', 'seed'],
  ...['presencePenalty', 'frequencyPenalty', 'responseLogprobs', 'logprobs'],
  ...['responseMimeType', 'responseSchema', 'responseJsonSchema', '_responseJsonSchema', 'responseFormat'],
  ...[
    'thinkingConfig',
    'mediaResolution',
    'enableEnhancedCivicAnswers',
    'routingConfig',
    'modelSelectionConfig',
  ],
]);

/** Priority goes to endpoints alone that have a price for it. */
const PLAIN_TIERS = new Set([
  ...['standard', 'flex', 'service_tier_standard', 'service_tier_flex'],
  ...['priority', 'service_tier_priority'],
]);

/** `body` is in camel case. */
export function unpricedMembers(body: JsonObject): string[] {
  const members: string[] = [];
  for (const name in body) {
    const value = body[name] ?? null;
    if (value === null || FREE_MEMBERS.has(name)) continue;
    if (name === 'generationConfig') members.push(...unpricedSettings(value));
    else if (name === 'tools') members.push(...unpricedTools(value));
    else if (name !== 'serviceTier' || !isPlainTier(value)) members.push(name);
  }
  return members;
}

function unpricedSettings(settings: unknown): string[] {
  if (!isJsonObject(settings)) return ['generationConfig'];
  return Object.keys(settings).filter((name) => {
    const value = settings[name] ?? null;
    if (value === null || FREE_SETTINGS.has(name)) return false;
    return !(name === 'responseModalities' && isTextOnly(value));
  });
}

/** Functions run at the caller's; everything else runs at Google's, at its prices. */
function unpricedTools(tools: unknown): string[] {
  if (!Array.isArray(tools)) return ['tools'];
  return [
    ...new Set(
      tools.flatMap((tool) =>
        isJsonObject(tool) ? Object.keys(tool).filter((name) => name !== 'functionDeclarations') : ['tools'],
      ),
    ),
  ];
}

export function isTextOnly(modalities: unknown): boolean {
  return (
    Array.isArray(modalities) &&
    modalities.every((modality) => typeof modality === 'string' && modality.toLowerCase() === 'text')
  );
}

function isPlainTier(tier: unknown): boolean {
  return typeof tier === 'string' && PLAIN_TIERS.has(tier.toLowerCase());
}
