/** The secret managers, each loaded when a setting first names it. */
import type { ManagerName, SecretReference } from '../config/secret-reference.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface SecretManager {
  /** The whole secret, as text: its one value, or a JSON object of several. Rejects with an Error that says nothing of any secret. */
  read(path: string): Promise<string>;
  close(): void;
}

/** What a reference means. Rejects with an Error for people, which says nothing of any secret. */
export class SecretManagers {
  readonly #env: Environment;
  readonly #open = new Map<ManagerName, Promise<SecretManager>>();

  constructor(env: Environment) {
    this.#env = env;
  }

  async read({ manager, path, field }: SecretReference): Promise<string> {
    if (path === '') throw new Error('it names no secret');
    const known = this.#open.get(manager) ?? openManager(manager, this.#env);
    this.#open.set(manager, known);
    // One that could not be opened may be later.
    known.catch(() => this.#open.delete(manager));
    return fieldOf(await (await known).read(path), field);
  }

  close(): void {
    for (const manager of this.#open.values()) manager.then((open) => open.close()).catch(() => undefined);
  }
}

async function openManager(name: ManagerName, env: Environment): Promise<SecretManager> {
  switch (name) {
    case 'vault':
      return (await import('./vault.ts')).openVault(env);
    case 'aws-sm':
      return await (await import('./aws.ts')).openAws(env);
    case 'gcp-sm':
      return await (await import('./gcp.ts')).openGoogle(env);
  }
}

function fieldOf(text: string, field: string | null): string {
  const value = field === null ? onlyValue(text) : memberOf(text, field);
  const trimmed = value.replace(/[\r\n]+$/, '');
  if (trimmed === '') throw new Error('its value is empty');
  return trimmed;
}

/** A secret of one value is that value, in whatever form its manager keeps it. */
function onlyValue(text: string): string {
  const members = membersOf(text);
  if (members === null) return text;
  const [first, ...others] = Object.values(members);
  if (others.length > 0 || typeof first !== 'string')
    throw new Error(`it has several values: add "#" and the name of one (${namesOf(members)})`);
  return first;
}

function memberOf(text: string, field: string): string {
  const members = membersOf(text);
  if (members === null) throw new Error(`it is one value, and has no "${field}"`);
  const value = Object.hasOwn(members, field) ? members[field] : undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw new Error(`it has no text called "${field}"; it has ${namesOf(members)}`);
}

const namesOf = (members: object) => Object.keys(members).slice(0, 20).join(', ') || 'nothing';

function membersOf(text: string): Record<string, unknown> | null {
  if (!text.trimStart().startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** For a package that is not there, or that does not load. */
export function notInstalled(name: string, install: string, thrown: unknown): Error {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const isMissing = /cannot find (?:package|module)|ERR_MODULE_NOT_FOUND/i.test(text);
  return new Error(
    `the package ${name} ${isMissing ? 'is not installed' : 'cannot be loaded'}; run: npm install --no-save --omit=dev --save-prod ${install}`,
  );
}
