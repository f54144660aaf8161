/** A code on its way to the page that shows it: sealed, in a cookie that no script reads and no other session opens. */
import type { Session } from '../../auth/session.ts';
import type { Clock } from '../../clock.ts';
import { open, seal, VaultError } from '../../vault/seal.ts';
import { CODE_LIFE_MS } from './codes.ts';
import type { ApprovedCode } from './consent.ts';

const NAME = 'turnpike_code';
const PATH = '/api/dashboard/consent/code';

interface ShownCodeServices {
  readonly clock: Clock;
  readonly masterKey: Uint8Array;
  readonly publicUrl: string;
}

export function shownCodeCookie(
  services: ShownCodeServices,
  session: Session,
  approved: ApprovedCode,
): string {
  const sealed = seal(services.masterKey, JSON.stringify(approved), contextOf(session));
  const attributes = [`Path=${PATH}`, `Max-Age=${CODE_LIFE_MS / 1000}`, 'HttpOnly', 'SameSite=Strict'];
  if (services.publicUrl.startsWith('https:')) attributes.push('Secure');
  return [`${NAME}=${sealed}`, ...attributes].join('; ');
}

/** Null: none, or none that still works. */
export function readShownCode(
  services: ShownCodeServices,
  session: Session,
  cookies: string | null,
): ApprovedCode | null {
  const sealed = new Bun.CookieMap(cookies ?? '').get(NAME);
  if (sealed === null) return null;
  try {
    const approved = JSON.parse(open(services.masterKey, sealed, contextOf(session))) as ApprovedCode;
    return approved.expiresAtMs > services.clock.nowMs() ? approved : null;
  } catch (thrown) {
    if (thrown instanceof VaultError) return null;
    throw thrown;
  }
}

function contextOf(session: Session): string {
  return JSON.stringify(['oauth code shown to', session.id]);
}
