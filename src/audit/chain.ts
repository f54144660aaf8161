/**
 * The chain over what was done. An event is written in the transaction of its change, where nobody may wait for anybody; a moment later it
 * gets a link, which holds a hash of it and of the link before. Whoever changes, removes or slips in an event afterwards has to
 * make all later links anew, and then the newest hash is another one than was noted elsewhere.
 */
import { createHash } from 'node:crypto';
import type { Database, Db } from '../storage/database.ts';
import {
  type AuditEvent,
  type AuditHead,
  insertLinks,
  linkedEvents,
  lockHead,
  moveHead,
  readHead,
  unlinkedEvents,
} from './store.ts';

const BATCH = 500;
/** A transaction that began before others and ended after them has events that are older than the newest link. */
const LATE_MS = 60 * 60_000;

/** The members that are hashed, in this order for ever: a member that comes later gets a form of hash of its own. */
const HASHED = [
  ...(['id', 'account_id', 'at_ms', 'actor_kind', 'actor', 'address', 'action'] as const),
  ...(['target_kind', 'target', 'before_json', 'after_json', 'outcome'] as const),
];

/** SHA-256 in hex of the JSON list of the hash before, the link's number and the event's members. */
export function linkHash(previous: string, seq: number, event: AuditEvent): string {
  const members = HASHED.map((name) => event[name]);
  return createHash('sha256')
    .update(JSON.stringify([previous, seq, ...members]))
    .digest('hex');
}

/** Gives every event its link, those of late transactions too; how many it were. `isThorough`: however old they are. */
export async function linkEvents(
  { db, transaction }: Pick<Database, 'db' | 'transaction'>,
  isThorough = false,
): Promise<number> {
  const sinceMs = ({ at_ms }: AuditHead) => (isThorough ? 0 : at_ms - LATE_MS);
  let linked = 0;
  // Nearly always there is nothing to do, and then nothing is locked.
  while ((await unlinkedEvents(db, sinceMs(await readHead(db)), 1)).length > 0) {
    linked += await transaction(async (trx) => {
      const head = await lockHead(trx);
      const events = await unlinkedEvents(trx, sinceMs(head), BATCH);
      if (events.length === 0) return 0;
      let { seq, hash, at_ms } = head;
      const links = events.map((event) => {
        seq += 1;
        hash = linkHash(hash, seq, event);
        at_ms = Math.max(at_ms, event.at_ms);
        return { seq, event_id: event.id, hash };
      });
      await insertLinks(trx, links);
      await moveHead(trx, { seq, hash, at_ms });
      return links.length;
    });
  }
  return linked;
}

export interface ChainReport {
  readonly links: number;
  /** The newest one. */
  readonly hash: string;
  /** When the newest event that has a link happened; 0: none has. */
  readonly untilMs: number;
  /** The first thing that is wrong; null: nothing is. */
  readonly fault: string | null;
}

/** What somebody noted of the chain, and the chain must still hold. */
export interface Anchor {
  readonly seq: number;
  readonly hash: string;
}

/** Makes every hash anew. `db` must be a snapshot where others add links meanwhile. */
export async function verifyChain(db: Db, anchors: readonly Anchor[] = []): Promise<ChainReport> {
  const head = await readHead(db);
  let seq = 0;
  let hash = '';
  const report = (fault: string | null): ChainReport => ({ links: seq, hash, untilMs: head.at_ms, fault });
  for (;;) {
    const links = await linkedEvents(db, seq, BATCH);
    if (links.length === 0) break;
    for (const link of links) {
      if (link.seq !== seq + 1) return report(`link ${seq + 1} is missing`);
      if (link.id === null) return report(`the event ${link.event_id} of link ${link.seq} is gone`);
      const made = linkHash(hash, link.seq, link as unknown as AuditEvent);
      if (made !== link.hash)
        return report(`the event ${link.event_id} of link ${link.seq} is not what it was when it was linked`);
      const anchor = anchors.find((each) => each.seq === link.seq);
      if (anchor !== undefined && anchor.hash !== made)
        return report(`link ${link.seq} has the hash ${made}, and ${anchor.hash} was noted`);
      seq = link.seq;
      hash = made;
    }
  }
  const last = Math.max(head.seq, ...anchors.map((anchor) => anchor.seq));
  if (last > seq) return report(`the chain ends at link ${seq}, and there was a link ${last}`);
  return report(head.hash === hash ? null : 'the newest link is not the one that was written last');
}
