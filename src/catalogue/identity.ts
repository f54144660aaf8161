/** Which model a provider's own name means: `claude-sonnet-4-20250514` and `anthropic/claude-sonnet-4` are one. Pure rules on names. */

/** Authors as they write themselves, and as OpenRouter's ids write them. */
const authors: Readonly<Record<string, string>> = {
  'deepseek-ai': 'deepseek',
  'meta-llama': 'meta-llama',
  mistral: 'mistralai',
  moonshot: 'moonshotai',
  qwen3: 'qwen',
  xai: 'x-ai',
  zai: 'z-ai',
  'zai-org': 'z-ai',
  zhipuai: 'z-ai',
};

/** Whose a model is, told from its name; the first that fits. */
const authorsByName: readonly (readonly [RegExp, string])[] = [
  [/^(gpt|o\d|chatgpt|codex)\b/, 'openai'],
  [/^claude/, 'anthropic'],
  [/^(gemini|gemma)/, 'google'],
  [/^(meta-)?llama/, 'meta-llama'],
  [/^(qwen|qwq)/, 'qwen'],
  [/^deepseek/, 'deepseek'],
  [/^(mistral|mixtral|codestral|devstral|magistral|ministral|pixtral|open-mi)/, 'mistralai'],
  [/^kimi/, 'moonshotai'],
  [/^(zai-)?glm/, 'z-ai'],
  [/^grok/, 'x-ai'],
  [/^minimax/, 'minimax'],
  [/^nemotron/, 'nvidia'],
];

/** Names that no rule leads to. */
const renamed: Readonly<Record<string, string>> = {
  'llama-3.1-8b-instant': 'llama-3.1-8b-instruct',
  'llama-3.3-70b-versatile': 'llama-3.3-70b-instruct',
  'llama-3.3-70b-instruct-turbo': 'llama-3.3-70b-instruct',
  'llama-3.3-70b': 'llama-3.3-70b-instruct',
  'llama-4-maverick-17b-128e-instruct': 'llama-4-maverick',
  'llama-4-maverick-17b-128e-instruct-fp8': 'llama-4-maverick',
  'llama-4-scout-17b-16e-instruct': 'llama-4-scout',
  'gemini-2.0-flash': 'gemini-2.0-flash-001',
  'gpt-5-chat-latest': 'gpt-5-chat',
  'grok-4-0709': 'grok-4',
  'kimi-k2-0711-preview': 'kimi-k2',
  'kimi-k2-0905-preview': 'kimi-k2-0905',
  'kimi-k2-instruct': 'kimi-k2',
  'kimi-k2-instruct-0905': 'kimi-k2-0905',
  'qwen3-coder-480b-a35b-instruct': 'qwen3-coder',
  'qwen-3-coder-480b': 'qwen3-coder',
  'zai-glm-4.7': 'glm-4.7',
};

/** Canonical ids by what is left of a slug when spelling is set aside. */
export interface KnownIds {
  readonly byKey: ReadonlyMap<string, string>;
}

export function knownIds(ids: Iterable<string>): KnownIds {
  const byKey = new Map<string, string>();
  for (const id of ids) {
    const slash = id.indexOf('/');
    // `~author/…-latest` are names for a model, and a bare name has lost its author.
    if (slash <= 0 || id.startsWith('~')) continue;
    const key = spellingKey(id);
    if (!byKey.has(key)) byKey.set(key, id.toLowerCase());
  }
  return { byKey };
}

/** Dots, dashes, underscores and Fireworks' `3p1` are one spelling. */
export function spellingKey(name: string): string {
  return name
    .toLowerCase()
    .replace(/(\d)p(\d)/g, '$1-$2')
    .replace(/[._]/g, '-');
}

/** Without the date, weight format or `-latest` that an upstream adds; a four-digit month (`-0324`) is a version and stays. */
export function undatedSlug(slug: string): string {
  return slug
    .replace(/-(fp8|fp4|bf16)$/, '')
    .replace(/-(20\d{2}-\d{2}-\d{2}|20\d{6})$/, '')
    .replace(/-latest$/, '')
    .replace(/^(claude-(?:opus|sonnet)-4)-0$/, '$1');
}

/**
 * The catalogue's id of a provider's model: OpenRouter's where it knows the model, else `author/name` in lower case.
 * `defaultAuthor`: whose models the provider's bare names are; null: told from the name, or else `fallbackAuthor`.
 */
export function canonicalId(
  upstreamModel: string,
  origin: { defaultAuthor: string | null; fallbackAuthor: string; upstreamPrefix: string },
  known: KnownIds,
): { id: string; matched: boolean } {
  const name = upstreamModel.toLowerCase();
  const bare = name.startsWith(origin.upstreamPrefix) ? name.slice(origin.upstreamPrefix.length) : name;
  const slash = bare.lastIndexOf('/');
  const slug = bare.slice(slash + 1);
  const stated = slash < 0 ? null : (bare.slice(0, slash).split('/')[0] ?? null);
  const author = authorOf(stated, slug, origin);
  const [plain = '', ...variants] = slug.split(':');
  const suffix = variants.length === 0 ? '' : `:${variants.join(':')}`;
  for (const candidate of candidates(plain)) {
    const id = known.byKey.get(spellingKey(`${author}/${candidate}${suffix}`));
    if (id !== undefined) return { id, matched: true };
  }
  const rewritten = renamed[plain];
  return { id: `${author}/${rewritten ?? plain}${suffix}`, matched: rewritten !== undefined };
}

function authorOf(
  stated: string | null,
  slug: string,
  origin: { defaultAuthor: string | null; fallbackAuthor: string },
): string {
  if (stated !== null) return authors[stated] ?? stated;
  if (origin.defaultAuthor !== null) return origin.defaultAuthor;
  return authorsByName.find(([pattern]) => pattern.test(slug))?.[1] ?? origin.fallbackAuthor;
}

/** Most exact first, so that a dated model which has an id of its own keeps it. */
function candidates(slug: string): string[] {
  const undated = undatedSlug(slug);
  const list = [slug, renamed[slug], undated, renamed[undated]];
  return list.filter((name) => name !== undefined);
}

/** A model's family and place in it: `claude-opus-4.5` is `claude-opus`, version 4.5. */
export interface FamilyPlace {
  readonly family: string;
  readonly version: readonly number[];
}

/** Null: the slug has no family of its own (a variant, or no words at all). */
export function familyPlace(slug: string): FamilyPlace | null {
  if (slug.includes(':')) return null;
  const words: string[] = [];
  const version: number[] = [];
  for (const token of undatedSlug(slug).split('-')) {
    if (token === 'preview' || token === 'exp' || token === '') continue;
    if (/^\d/.test(token)) {
      // Sizes (`70b`) and dates in short (`0324`) say nothing about what came later.
      if (/^\d+(\.\d+)*[a-z]?$/.test(token) && !/^\d+[bmk]$/.test(token) && !/^\d{4,}$/.test(token)) {
        version.push(...token.split('.').map((part) => Number.parseInt(part, 10)));
      } else words.push(token);
    } else words.push(token);
  }
  return words.length === 0 || version.length === 0 ? null : { family: words.join('-'), version };
}

export function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
