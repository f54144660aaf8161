/** Who is signed in: read from the database for every request, so that a session that ends is ended at once, on every node. */
import { recordAudit } from '../../audit/record.ts';
import type { Session } from '../../auth/session.ts';
import type { Clock } from '../../clock.ts';
import { TurnpikeError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Database } from '../../storage/database.ts';
import { authSecret, readSessionToken } from './session-cookie.ts';
import {
  deleteSession,
  deleteSessionsOf,
  deleteSessionsUntil,
  findSession,
  type ListedSession,
  listSessions,
  touchSession,
} from './session-store.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** However much it is used, a session ends then (OWASP: absolute timeout). */
export const SESSION_LIFE_MS = 30 * DAY_MS;
const SESSION_IDLE_MS = 7 * DAY_MS;
/** How long after a sign-in it may be changed how one signs in; better-auth's own measure too. */
const SESSION_FRESH_MS = DAY_MS;
/** How exactly the last use is known: not every request is worth a write. */
const TOUCH_EVERY_MS = 5 * 60 * 1000;

export interface SignedIn extends Session {
  readonly emailVerified: boolean;
  readonly twoFactorEnabled: boolean;
}

export interface Sessions {
  /** Null: nobody is signed in, or somebody without a membership. */
  read(request: Request): Promise<SignedIn | null>;
  /** Throws a 401 where `read` gives null. */
  mustRead(request: Request): Promise<SignedIn>;
  /** And a 403 unless the sign-in was today: whoever comes upon an open session must not be able to keep a way in. */
  mustReadFresh(request: Request): Promise<SignedIn>;
  /** The one whose cookie an answer sets; null: it signs nobody in. */
  startedBy(answer: Response): Promise<SignedIn | null>;
  list(userId: string): Promise<ListedSession[]>;
  /** 404 for a session of somebody else, as for one that does not exist. */
  end(userId: string, sessionId: string): Promise<void>;
  endOthers(session: Session): Promise<void>;
  forgetOld(): Promise<void>;
}

export function createSessions(services: {
  readonly database: Database;
  readonly clock: Clock;
  readonly masterKey: Uint8Array;
  readonly publicUrl: string;
  readonly logger: Logger;
}): Sessions {
  const { clock, publicUrl, logger } = services;
  const { db } = services.database;
  const secret = authSecret(services.masterKey);
  const isAlive = (times: { createdAtMs: number; lastUsedAtMs: number; expiresAtMs: number }): boolean => {
    const nowMs = clock.nowMs();
    return (
      nowMs < times.expiresAtMs &&
      nowMs < times.createdAtMs + SESSION_LIFE_MS &&
      nowMs < times.lastUsedAtMs + SESSION_IDLE_MS
    );
  };

  const sessions: Sessions = {
    async read(request) {
      const token = readSessionToken(request, { secret, publicUrl });
      const row = token === null ? undefined : await findSession(db, token);
      if (row === undefined) return null;
      if (!isAlive(row)) {
        // better-auth knows no idle time: what it must not find must not be there.
        await deleteSession(db, row.userId, row.id);
        return null;
      }
      const nowMs = clock.nowMs();
      if (nowMs - row.lastUsedAtMs >= TOUCH_EVERY_MS) await touchSession(db, row.id, nowMs);
      const { lastUsedAtMs: _, expiresAtMs: __, ...session } = row;
      return session;
    },
    async mustRead(request) {
      const session = await sessions.read(request);
      if (session === null) throw new TurnpikeError('not_signed_in');
      return session;
    },
    async mustReadFresh(request) {
      const session = await sessions.mustRead(request);
      if (clock.nowMs() < session.createdAtMs + SESSION_FRESH_MS) return session;
      const message = 'Sign out and in again first: this can only be done within a day of signing in';
      // The code is better-auth's, which asks the same of passkeys.
      throw new TurnpikeError('permission_denied', { body: { code: 'SESSION_NOT_FRESH', message } });
    },
    async startedBy(answer) {
      // The last of a name counts, and the first of it is read.
      const pairs = answer.headers.getSetCookie().map((line) => line.split(';', 1)[0]);
      const cookie = pairs.reverse().join('; ');
      return cookie === '' ? null : await sessions.read(new Request(publicUrl, { headers: { cookie } }));
    },
    async list(userId) {
      const sessions = await listSessions(db, userId);
      return sessions.filter(isAlive);
    },
    async end(userId, sessionId) {
      if (!(await deleteSession(db, userId, sessionId))) throw new TurnpikeError('not_found');
      const target = ['user', userId] as const;
      const after = { session_id: sessionId };
      await recordAudit(db, {
        action: 'session.ended',
        target,
        accountId: null,
        after,
        nowMs: clock.nowMs(),
      });
      logger.info('session_ended', { userId, sessionId });
    },
    async endOthers({ userId, id: sessionId }) {
      await deleteSessionsOf(db, userId, sessionId);
      const target = ['user', userId] as const;
      await recordAudit(db, {
        action: 'session.others_ended',
        target,
        accountId: null,
        nowMs: clock.nowMs(),
      });
      logger.info('other_sessions_ended', { userId, sessionId });
    },
    forgetOld: () =>
      deleteSessionsUntil(db, {
        createdUntilMs: clock.nowMs() - SESSION_LIFE_MS,
        usedUntilMs: clock.nowMs() - SESSION_IDLE_MS,
      }),
  };
  return sessions;
}
