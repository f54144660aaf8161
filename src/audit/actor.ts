/**
 * Who acts, for as long as what they started runs. The edge says so once, where it knows: a change may be six calls deeper, in
 * services that ten kinds of callers share.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { userInfo } from 'node:os';
import type { AuditEvent } from './store.ts';

export interface Actor {
  /** `operator`: on the command line. `system`: the gateway itself. `anonymous`: nobody has shown who they are. */
  readonly kind: 'user' | 'management_key' | 'api_key' | 'operator' | 'system' | 'anonymous';
  /** A user's id, a key's hash; null where the kind says it all. */
  readonly id: string | null;
  /** Where the request came from. */
  readonly address: string | null;
}

interface Acting {
  readonly actor: Actor;
  readonly events: AuditEvent[];
}

const SYSTEM: Actor = { kind: 'system', id: null, address: null };
/** Whoever runs the command, by the name that the operating system has for them. */
export function operator(): Actor {
  return { kind: 'operator', id: userName(), address: null };
}

function userName(): string | null {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a number without a name.
    return null;
  }
}

const acting = new AsyncLocalStorage<Acting>();

/** Runs the work in this actor's name, and tells what it did when it has ended, also when it failed after a change. */
export async function actingAs<T>(
  actor: Actor,
  work: () => T | Promise<T>,
  onEvent: (event: AuditEvent) => void = () => {},
): Promise<T> {
  const events: AuditEvent[] = [];
  try {
    return await acting.run({ actor, events }, work);
  } finally {
    for (const event of events) onEvent(event);
  }
}

export function currentActor(): Actor {
  return acting.getStore()?.actor ?? SYSTEM;
}

export function noteEvent(event: AuditEvent): void {
  acting.getStore()?.events.push(event);
}
