/**
 * The configuration with what secret managers have: they are asked for what it names until nothing is missing, and again as time goes on. A
 * manager that is away leaves the value that it gave last.
 */
import { createHash } from 'node:crypto';
import type { Config } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import { type LoadOptions, loadConfig } from '../config/load.ts';
import { type SecretReference, type SecretValues, secretReference } from '../config/secret-reference.ts';
import { SecretManagers } from './managers.ts';

/** A value may name another variable, which stands elsewhere again; more than this is a mistake. */
const MAX_ROUNDS = 5;

type Known = { readonly value: string } | { readonly problem: string };

/** What became of one reference, for operators. */
export interface ReferenceState {
  readonly text: string;
  /** Null: it was read. */
  readonly problem: string | null;
}

export interface SourceOptions extends Omit<LoadOptions, 'secrets' | 'file'> {
  /** Variables of the environment that are read by their names later, such as OPENAI_API_KEY. */
  readonly laterVariables: readonly string[];
}

export class SecretSource implements SecretValues {
  readonly #options: SourceOptions;
  readonly #managers: SecretManagers;
  readonly #known = new Map<string, Known>();
  readonly #missing = new Map<string, SecretReference>();
  /** Those that have had a value, and when asked again had none. */
  readonly #stale = new Map<string, string>();

  constructor(options: SourceOptions, managers = new SecretManagers(options.env)) {
    this.#options = options;
    this.#managers = managers;
  }

  valueOf(reference: SecretReference): string {
    const known = this.#known.get(reference.text);
    if (known === undefined) {
      this.#missing.set(reference.text, reference);
      throw new Error('it was not asked for yet');
    }
    if ('problem' in known) throw new Error(known.problem);
    return known.value;
  }

  /** Rejects with a ConfigError for whatever cannot be read, all of it at once. */
  async load(changes: Pick<LoadOptions, 'file'> = {}): Promise<Config> {
    const { laterVariables, ...options } = this.#options;
    for (let round = 0; ; round += 1) {
      this.#missing.clear();
      try {
        const config = loadConfig({ ...options, ...changes, secrets: this });
        const problems = this.#readLater(config);
        if (this.#missing.size === 0 && problems.length === 0) return config;
        if (this.#missing.size === 0 || round === MAX_ROUNDS) throw new ConfigError(problems);
      } catch (thrown) {
        if (!(thrown instanceof ConfigError) || this.#missing.size === 0 || round === MAX_ROUNDS)
          throw thrown;
      }
      await Promise.all([...this.#missing.values()].map((reference) => this.#ask(reference)));
    }
  }

  /** What they have now; null: the same as before. Rejects with a ConfigError where the new values make no configuration. */
  async again(before: Config): Promise<Config | null> {
    const references = [...this.#known.keys()].map((text) => secretReference(text));
    await Promise.all(references.map((reference) => (reference === null ? undefined : this.#ask(reference))));
    const after = await this.load({ file: before.file });
    return this.digestOf(after) === this.digestOf(before) ? null : after;
  }

  get isUsed(): boolean {
    return this.#known.size > 0;
  }

  get states(): readonly ReferenceState[] {
    return [...this.#known].map(([text, known]) => ({
      text,
      problem: 'problem' in known ? known.problem : (this.#stale.get(text) ?? null),
    }));
  }

  close(): void {
    this.#managers.close();
  }

  /** Of everything secret in it: who compares two of them learns nothing else. */
  digestOf(config: Config): string {
    const { providers, accounts, mail, stripe, metricsToken, databaseUrl, bootstrapManagementKey } = config;
    const later = this.#options.laterVariables.map((variable) => keyOrNull(config, variable));
    const named = [providers, accounts, mail, stripe, metricsToken, databaseUrl, bootstrapManagementKey];
    return createHash('sha256')
      .update(config.masterKey)
      .update(
        JSON.stringify([...named, later], (_, value) => (typeof value === 'bigint' ? String(value) : value)),
      )
      .digest('hex');
  }

  #readLater(config: Config): string[] {
    return this.#options.laterVariables.flatMap((variable) => {
      if (secretReference(this.#options.env[variable] ?? '') === null) return [];
      try {
        config.environmentKeys(variable);
        return [];
      } catch (thrown) {
        if (thrown instanceof ConfigError) return thrown.problems;
        throw thrown;
      }
    });
  }

  async #ask(reference: SecretReference): Promise<void> {
    const { text } = reference;
    try {
      this.#known.set(text, { value: await this.#managers.read(reference) });
      this.#stale.delete(text);
    } catch (thrown) {
      const problem = thrown instanceof Error ? thrown.message : String(thrown);
      const known = this.#known.get(text);
      if (known === undefined || 'problem' in known) this.#known.set(text, { problem });
      else this.#stale.set(text, problem);
    }
  }
}

function keyOrNull(config: Config, variable: string): string | null {
  try {
    return config.environmentKeys(variable);
  } catch {
    return null;
  }
}
