/** The one place through which services say what they changed: a row of `audit_event` in the change's own transaction. */
import { newId } from '../ids.ts';
import type { Db } from '../storage/database.ts';
import { currentActor, noteEvent } from './actor.ts';
import { type AuditEvent, insertEvent } from './store.ts';

/** Of a thing that was changed: what an administrator may see of it. Secrets, their hashes and prompts have no place in it. */
export type Facts = Readonly<Record<string, string | number | bigint | boolean | null | readonly string[]>>;

export interface Change {
  /** `key.created`: the thing, and what became of it. */
  readonly action: string;
  /** What it happened to: its kind, and its id where it has one. */
  readonly target: readonly [kind: string, id: string | null];
  /** Null: of the installation, not of one account. */
  readonly accountId: string | null;
  readonly before?: Facts;
  readonly after?: Facts;
  /** Unless told: it was done. */
  readonly outcome?: 'success' | 'refused';
  readonly nowMs: number;
}

/** `db`: the transaction of the change. Where both sides are given, the members that stay the same are left out. */
export async function recordAudit(
  db: Db,
  { action, target, accountId, before, after, outcome = 'success', nowMs }: Change,
): Promise<void> {
  const { kind, id, address } = currentActor();
  const [targetKind, targetId] = target;
  const isMoved = (name: string) =>
    before === undefined || after === undefined || before[name] !== after[name];
  const json = (facts: Facts | undefined) =>
    facts === undefined
      ? null
      : JSON.stringify(facts, (name, value) => plain(name === '' || isMoved(name) ? value : undefined));
  const event = {
    id: newId(),
    account_id: accountId,
    at_ms: nowMs,
    ...{ actor_kind: kind, actor: id, address, action, target_kind: targetKind, target: targetId },
    before_json: json(before),
    after_json: json(after),
    outcome,
  };
  await insertEvent(db, event);
  noteEvent(event);
}

function plain(value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

/** For the log, which holds nothing that somebody has typed: which members moved, and not from what to what. */
export function withoutTexts({ before_json, after_json, ...event }: AuditEvent) {
  const members = [before_json, after_json].flatMap((json) => Object.keys(JSON.parse(json ?? '{}')));
  return { ...event, members: [...new Set(members)] };
}
