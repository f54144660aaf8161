/** The audit log, to read: every event has its link by then. */
import type { Database } from '../storage/database.ts';
import { linkEvents } from './chain.ts';
import { type AuditHead, type EventFilter, type ListedEvent, listEvents, readHead } from './store.ts';

export type { EventFilter, ListedEvent };

/** A page, newest first, and the newest link of all. */
export async function readEvents(
  database: Database,
  filter: EventFilter,
): Promise<{ readonly events: readonly ListedEvent[]; readonly head: AuditHead }> {
  await linkEvents(database);
  const events = await listEvents(database.db, filter);
  return { events, head: await readHead(database.db) };
}
