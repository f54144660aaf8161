/** The catalogue in memory: every model and provider that can be called now, and which one a requested id means. */

import type { Pricing } from '../pricing/price.ts';
import { claudeModels, claudeName } from './claude-names.ts';
import { isKnownToCodex } from './codex-model.ts';
import { compareVersions, familyPlace } from './identity.ts';
import type { KnownModels } from './known-models.ts';
import type { Model, Provider } from './model.ts';
import type { Downgrades, Router } from './routers.ts';
import { type FoundVariant, findVariant } from './variants.ts';

export interface Resolution {
  readonly model: Model;
  /** `nitro`, `floor`, `exacto`, `online`, or several joined by a colon; null: none. */
  readonly variant: string | null;
  readonly requestedId: string;
  /** The slug that chose the model (`~anthropic/claude-sonnet-latest`); null: it was asked for by name. */
  readonly router: string | null;
}

/** A `~author/family-latest` name and the model it means today. */
export interface LatestAlias {
  readonly slug: string;
  readonly target: Model;
}

/** Longer ids name nothing, and are not worth reading. */
const MAX_ID_LENGTH = 256;

export class Catalogue {
  readonly models: readonly Model[];
  readonly providers: readonly Provider[];
  /** Families of at least two models, as `GET /models` lists them. */
  readonly latestAliases: readonly LatestAlias[];
  /** Names that choose a model for each request. */
  readonly routers: readonly Router[];
  /** Which model takes over from which when money is spent. */
  readonly downgrades: Downgrades;
  readonly #resolutions = new Map<string, Resolution>();
  readonly #claudes: ReadonlyMap<string, Model>;
  readonly #known: KnownModels;

  constructor(parts: {
    models: readonly Model[];
    providers: readonly Provider[];
    /** Other names by which a model's id is found. */
    aliases: ReadonlyMap<string, string>;
    known: KnownModels;
    routers?: readonly Router[];
    downgrades?: Downgrades;
  }) {
    this.models = Object.freeze([...parts.models]);
    this.providers = Object.freeze([...parts.providers]);
    this.routers = parts.routers ?? [];
    this.downgrades = parts.downgrades ?? new Map();
    this.#known = parts.known;
    this.#claudes = claudeModels(this.models);
    const byId = new Map(this.models.map((model) => [model.id, model]));
    for (const model of this.models) this.#add(model.id, model, null);
    for (const model of this.models) this.#add(model.canonicalSlug, model, null);
    for (const [alias, id] of parts.aliases) {
      const model = byId.get(id);
      if (model !== undefined) this.#add(alias, model, null);
    }
    const families = latestOfFamilies(this.models);
    for (const [slug, { newest }] of families) this.#add(slug, newest, slug);
    this.latestAliases = Object.freeze(
      [...families]
        .filter(([, { size }]) => size > 1)
        .map(([slug, { newest }]) => Object.freeze({ slug, target: newest })),
    );
  }

  /** The first to claim an id keeps it: a model's own id before an alias. */
  #add(id: string, model: Model, router: string | null): void {
    if (this.#resolutions.has(id)) return;
    this.#resolutions.set(id, Object.freeze({ model, variant: null, requestedId: id, router }));
  }

  /** What a requested id means, or null. An id as listed is one look-up and allocates nothing. */
  find(requestedId: string): Resolution | null {
    return this.#resolutions.get(requestedId) ?? this.#findWritten(requestedId);
  }

  #findWritten(requestedId: string): Resolution | null {
    if (requestedId.length > MAX_ID_LENGTH) return null;
    const hit = findVariant(
      requestedId.toLowerCase(),
      (id) => this.#resolutions.get(id) ?? this.#claude(id) ?? this.#gpt(id),
    );
    if (hit === null) return null;
    return { model: hit.found.model, variant: hit.variant, requestedId, router: hit.found.router };
  }

  /** The router that a requested id means, with or without suffixes that say how to route; null: none. */
  findRouter(requestedId: string): FoundVariant<Router> | null {
    if (requestedId.length > MAX_ID_LENGTH) return null;
    return findVariant(
      requestedId.toLowerCase(),
      (id) => this.routers.find(({ slug }) => slug === id) ?? null,
    );
  }

  #claude(id: string): Resolution | null {
    const name = claudeName(id);
    const model = name === null ? undefined : this.#claudes.get(name);
    return model === undefined ? null : (this.#resolutions.get(model.id) ?? null);
  }

  /** Codex's own menu has OpenAI's models under OpenAI's names. */
  #gpt(id: string): Resolution | null {
    const full = `openai/${id}`;
    return isKnownToCodex(full) ? (this.#resolutions.get(full) ?? null) : null;
  }

  /**
   * Whether the data packages know the model though no provider of it is on: the environment variables of which one would
   * switch it on, or null. Loads all lists on first use, so it belongs on the error path only.
   */
  async isKnown(id: string): Promise<readonly string[] | null> {
    if (id.length > MAX_ID_LENGTH) return null;
    return this.#known.variablesFor(id);
  }
}

function latestOfFamilies(models: readonly Model[]): Map<string, { newest: Model; size: number }> {
  const families = new Map<string, { newest: Model; version: readonly number[]; size: number }>();
  for (const model of models) {
    const slash = model.id.indexOf('/');
    if (!model.outputModalities.includes('text')) continue;
    const place = familyPlace(model.id.slice(slash + 1));
    if (place === null) continue;
    const slug = `~${model.id.slice(0, slash)}/${place.family}-latest`;
    const family = families.get(slug);
    if (family === undefined) {
      families.set(slug, { newest: model, version: place.version, size: 1 });
      continue;
    }
    family.size += 1;
    // The version tells more than the release date, which the data often lacks for the newest models.
    const later = compareVersions(place.version, family.version) || model.created - family.newest.created;
    if (later > 0) {
      family.newest = model;
      family.version = place.version;
    }
  }
  return families;
}

/** What an endpoint of a model asks now; null: it is not offered. */
export function pricingOf(catalogue: Catalogue, modelId: string, endpointTag: string | null): Pricing | null {
  const model = catalogue.find(modelId)?.model;
  return model?.endpoints.find(({ tag }) => tag === endpointTag)?.pricing ?? null;
}

/** The id by which a model is listed that answers with text; null: none can be called by this name, or a router chooses one. */
export function chatModelId(catalogue: Catalogue, id: string): string | null {
  const found = catalogue.find(id);
  if (found === null || found.router !== null || found.variant !== null) return null;
  return found.model.outputModalities.includes('text') ? found.model.id : null;
}
