/** Somebody who is signed in, as the gates hand them to the handlers, and what they may do in their organisation. No I/O. */
import type { Role } from '../storage/schema.ts';

export interface Session {
  readonly id: string;
  readonly userId: string;
  readonly email: string;
  /** Whether it was shown that the address is theirs; absent: it was. */
  readonly emailVerified?: boolean;
  readonly name: string;
  /** The account (organisation or personal) that the session acts in. */
  readonly accountId: string;
  readonly role: Role;
  readonly createdAtMs: number;
}

const RANKS: Readonly<Record<Role, number>> = { member: 0, admin: 1, owner: 2 };

export function hasRole(session: Pick<Session, 'role'>, atLeast: Role): boolean {
  return RANKS[session.role] >= RANKS[atLeast];
}
