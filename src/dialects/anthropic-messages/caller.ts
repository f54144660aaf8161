/** Which user and which session a request is of, as the clients of this dialect tell it. */
import { isJsonObject, textOrNull } from '../../json.ts';

export interface MessagesCaller {
  readonly user: string | null;
  readonly sessionId: string | null;
}

const MOST_USER = 1024;
const MOST_SESSION = 256;

/** How Claude Code wrote `user_id` before it was JSON. */
const EARLIER = /^(.*)_session_([0-9a-fA-F-]{36})$/s;

/**
 * `metadata.user_id` is the end user. Claude Code writes three ids into it, as JSON, of which the session's changes each time; it sends
 * that one in a header too, and in no other request than those of the session.
 */
export function callerOf(metadata: unknown, headers: Headers): MessagesCaller {
  const userId = isJsonObject(metadata) ? textOrNull(metadata['user_id']) : null;
  const said = userId === null ? NOBODY : readUserId(userId);
  return {
    user: bounded(said.user, MOST_USER),
    sessionId: bounded(headers.get('x-claude-code-session-id') ?? said.sessionId, MOST_SESSION),
  };
}

const NOBODY: MessagesCaller = { user: null, sessionId: null };

function readUserId(userId: string): MessagesCaller {
  const earlier = EARLIER.exec(userId);
  if (earlier !== null) return { user: earlier[1] ?? null, sessionId: earlier[2] ?? null };
  const value = parsed(userId);
  if (!isJsonObject(value)) return { user: userId, sessionId: null };
  const { account_uuid, device_id, session_id } = value;
  const user = [account_uuid, device_id].find((id) => typeof id === 'string' && id !== '');
  return { user: textOrNull(user) ?? userId, sessionId: textOrNull(session_id) };
}

function parsed(text: string): unknown {
  if (!text.startsWith('{')) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What is longer is nobody's id. */
function bounded(text: string | null, mostCharacters: number): string | null {
  return text === null || text === '' || text.length > mostCharacters ? null : text;
}
