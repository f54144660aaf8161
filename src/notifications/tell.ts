/**
 * The one way in which anything is told: a row of the outbox, in the transaction of what it tells, so that neither is there without the
 * other. `delivery/` takes it from there to webhooks and mailboxes, from whichever node.
 */
import { newId } from '../ids.ts';
import type { Db } from '../storage/database.ts';
import type { NewsData, NewsKind } from './news.ts';
import { findLastOfKind, insertNotification } from './store.ts';

export interface News<Kind extends NewsKind> {
  readonly kind: Kind;
  readonly accountId: string;
  /** Null: of the account as a whole. */
  readonly workspaceId?: string | null;
  /** Whom it is about: the owner of a key, whoever signed in. */
  readonly userId?: string | null;
  /** What makes it the same news: the account hears of it once, however often and by how many nodes it is seen. Absent: each time. */
  readonly once?: string;
  readonly data: NewsData[Kind];
  readonly nowMs: number;
}

/** `db`: the transaction of what it tells; a bare connection where it follows from what is stored already. False: it was told before. */
export async function tellNews<Kind extends NewsKind>(db: Db, news: News<Kind>): Promise<boolean> {
  const { kind, accountId, workspaceId = null, userId = null, once, data, nowMs } = news;
  return await insertNotification(db, {
    id: newId(),
    account_id: accountId,
    workspace_id: workspaceId,
    kind,
    user_id: userId,
    data: JSON.stringify(data),
    once_key: once === undefined ? null : `${kind} ${once}`,
    created_at_ms: nowMs,
    spread_at_ms: null,
  });
}

/** Of those that are told once, the last of this kind, and what it was told once by; undefined: there is none. */
export function lastNews(
  db: Db,
  accountId: string,
  kind: NewsKind,
): Promise<{ readonly id: string; readonly onceKey: string } | undefined> {
  return findLastOfKind(db, accountId, kind);
}
