/** Values that stand elsewhere: `file:/run/secrets/key`, `vault:secret/data/turnpike#openai`, `aws-sm:…`, `gcp-sm:…`. No I/O. */

export const MANAGERS = ['vault', 'aws-sm', 'gcp-sm'] as const;
export type ManagerName = (typeof MANAGERS)[number];

/** A secret in a secret manager. */
export interface SecretReference {
  readonly manager: ManagerName;
  /** As the manager names it. */
  readonly path: string;
  /** Of a secret that has several values; null: it has one. */
  readonly field: string | null;
  /** As it was written: it is no secret. */
  readonly text: string;
}

/** What was read of managers by now. */
export interface SecretValues {
  /** Throws an Error whose message says why it cannot be had, and nothing of any secret. */
  valueOf(reference: SecretReference): string;
}

/** Null: the text is a value itself. */
export function secretReference(text: string): SecretReference | null {
  const manager = MANAGERS.find((name) => text.startsWith(`${name}:`));
  if (manager === undefined) return null;
  const rest = text.slice(manager.length + 1);
  const at = rest.lastIndexOf('#');
  const path = at === -1 ? rest : rest.slice(0, at);
  const field = at === -1 ? null : rest.slice(at + 1);
  return { manager, path, field: field === '' ? null : field, text };
}

/** Whether the text stands for a value that is read from a file or a manager. */
export function standsElsewhere(text: string): boolean {
  return text.startsWith('file:') || secretReference(text) !== null;
}
