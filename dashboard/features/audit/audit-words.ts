/** What happened, in words. */
import type { AuditEvent, Facts } from './api/audit.ts';

/** What can be narrowed to: the first words of the actions. */
export const KINDS: readonly { readonly value: string; readonly label: string }[] = [
  { value: '', label: 'Everything' },
  { value: 'key', label: 'Keys' },
  { value: 'member', label: 'Members' },
  { value: 'invitation', label: 'Invitations' },
  { value: 'byok', label: 'Provider keys' },
  { value: 'consent', label: 'Apps: consents' },
  { value: 'app', label: 'Apps' },
  { value: 'session', label: 'Sessions' },
  { value: 'email', label: 'Mail addresses' },
  { value: 'organisation', label: 'Organisation' },
  { value: 'content_logging', label: 'Content logging' },
  { value: 'content', label: 'Content that was read' },
  { value: 'issuer', label: 'Workload identity: issuers' },
  { value: 'policy', label: 'Workload identity: policies' },
  { value: 'credits', label: 'Credits' },
  { value: 'access', label: 'Refused attempts' },
];

/** `key.limit_changed` becomes "Key: limit changed". */
export function actionName(action: string): string {
  const [thing = '', verb = ''] = action.split('.');
  const spaced = (text: string) => text.replaceAll('_', ' ');
  const name = spaced(thing);
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}${verb === '' ? '' : `: ${spaced(verb)}`}`;
}

const ACTORS: Readonly<Record<AuditEvent['actor_kind'], string>> = {
  user: 'A former member',
  management_key: 'Management key',
  api_key: 'API key',
  operator: 'Operator',
  system: 'Turnpike',
  anonymous: 'Somebody unknown',
};

/** Whoever acted, by a name where there is one. */
export function actorName({ actor_kind, actor, actor_name }: AuditEvent): string {
  if (actor_name !== null && actor_name !== '') return actor_name;
  const kind = ACTORS[actor_kind];
  if (actor_kind === 'operator' && actor !== null) return `${kind} (${actor})`;
  return kind;
}

export interface Moved {
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** Member by member, as it was and as it is. */
export function movedOf({ before, after }: Pick<AuditEvent, 'before' | 'after'>): readonly Moved[] {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return names.map((name) => ({
    name: name.replaceAll('_', ' ').replace(/ (?:nano usd|ms)$/, ''),
    before: shown(before, name),
    after: shown(after, name),
  }));
}

function shown(facts: Facts | null, name: string): string | null {
  const value = facts?.[name];
  if (value === undefined) return null;
  if (value === null || value === '') return 'none';
  if (name.endsWith('_nano_usd') && /^-?\d+$/.test(String(value))) return `$${dollars(String(value))}`;
  if (name.endsWith('_ms') && typeof value === 'number') return new Date(value).toISOString();
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** Nano-USD as dollars with at least two places, and as many as it has. */
function dollars(nanoUsd: string): string {
  const digits = nanoUsd.replace('-', '').padStart(10, '0');
  const places = digits.slice(-9).replace(/0+$/, '').padEnd(2, '0');
  return `${nanoUsd.startsWith('-') ? '-' : ''}${digits.slice(0, -9)}.${places}`;
}
