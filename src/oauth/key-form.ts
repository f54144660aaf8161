/** What a consent page proposes for the new key, before its user changes it. */
import type { Session } from '../auth/session.ts';
import { invalidRequest, TurnpikeError } from '../errors.ts';
import { usdFromNanoUsd } from '../money.ts';
import type { KeyChoice } from './authorization/authorization-request.ts';
import type { KeyWish } from './bodies.ts';
import type { ClientRow } from './clients/client-store.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** For apps that registered themselves, whom nobody has looked at. */
const DYNAMIC_LIFE_MS = 7 * DAY_MS;
const DYNAMIC_LIMIT_USD = 10;

export interface Workspace {
  readonly id: string;
  readonly name: string;
  readonly isDefault: boolean;
}

export interface WorkspaceReader {
  /** Those that somebody may make keys in. */
  listFor(accountId: string, person: Pick<Session, 'userId' | 'role'>): Promise<readonly Workspace[]>;
  has(accountId: string, workspaceId: string): Promise<boolean>;
}

export interface KeyForm {
  readonly label: string;
  readonly limitUsd: number | null;
  readonly wish: KeyWish;
  /** From now on; null: as the wish has it. */
  readonly defaultLifeMs: number | null;
}

export function keyForm(
  client: ClientRow | null,
  { keyLabel, wish }: KeyChoice,
  fallbackLabel: string,
): KeyForm {
  const isUnknown = client?.is_dynamic === 1;
  const limitUsd = wish.limitNanoUsd === null ? null : usdFromNanoUsd(wish.limitNanoUsd);
  return {
    label: keyLabel ?? fallbackLabel,
    limitUsd: limitUsd ?? (isUnknown ? DYNAMIC_LIMIT_USD : null),
    wish,
    defaultLifeMs: isUnknown && wish.expiresAtMs === null ? DYNAMIC_LIFE_MS : null,
  };
}

/** Another's workspace is as good as none. */
export async function workspaceOf(
  workspaces: WorkspaceReader,
  session: Pick<Session, 'accountId' | 'userId' | 'role'>,
  wanted: string | null,
): Promise<string> {
  const known = await workspaces.listFor(session.accountId, session);
  if (wanted !== null) {
    if (known.some(({ id }) => id === wanted)) return wanted;
    throw new TurnpikeError('permission_denied', { message: 'workspace_id: no workspace of yours' });
  }
  const found = known.find(({ isDefault }) => isDefault) ?? known[0];
  if (found === undefined) throw invalidRequest('workspace_id: this account has no workspace');
  return found.id;
}
