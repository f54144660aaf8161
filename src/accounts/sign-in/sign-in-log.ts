/** Who came in, and who did not: one line of the log each, with ids and without anything that somebody has typed. */
import type { Logger } from '../../log.ts';
import type { Sessions, SignedIn } from '../sessions/sessions.ts';

export interface SignInLog {
  /** After the answer to a sign-in, or to a part of one. `by`: the way in. Gives the session that it started; null: none. */
  note(answer: Response, by: string, email?: string): Promise<SignedIn | null>;
}

export function createSignInLog(services: {
  readonly sessions: Pick<Sessions, 'startedBy'>;
  readonly findUserId: (email: string) => Promise<string | null>;
  readonly logger: Logger;
}): SignInLog {
  const { sessions, findUserId, logger } = services;
  return {
    async note(answer, by, email) {
      const session = await sessions.startedBy(answer);
      if (session !== null) {
        const { userId, accountId, id: sessionId } = session;
        logger.info('signed_in', { by, userId, accountId, sessionId });
        return session;
      }
      const reason = await reasonOf(answer);
      // None: a second factor is still to come.
      if (reason === null) return null;
      const userId = email === undefined ? null : await findUserId(email);
      logger.info('sign_in_failed', { by, reason, userId });
      return null;
    },
  };
}

/** A provider's own word may be anything. */
const REASON = /^[A-Za-z_]{1,64}$/;

async function reasonOf(answer: Response): Promise<string | null> {
  const location = answer.headers.get('location');
  if (answer.ok || (location !== null && !URL.canParse(location))) return null;
  const reason =
    location === null
      ? ((await answer.clone().json()) as { code?: unknown } | null)?.code
      : new URL(location).searchParams.get('error');
  if (reason === null) return null;
  return typeof reason === 'string' && REASON.test(reason) ? reason : 'refused';
}
