/** SQL on `audit_event`, which is only ever added to. */
import type { Db } from '../storage/database.ts';
import type { AuditEventTable } from '../storage/schema.ts';

export type AuditEvent = AuditEventTable;

/** In a transaction: the event is there if and only if the change is. */
export async function insertEvent(db: Db, row: AuditEvent): Promise<void> {
  await db.insertInto('audit_event').values(row).execute();
}
