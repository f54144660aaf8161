/** Who may become a user, and as what: the one place that decides it, whichever way somebody signs up. */
import type { AccountsConfig } from '../../config/config.ts';
import { TurnpikeError } from '../../errors.ts';
import type { InvitationRow } from '../members/invitation-store.ts';
import {
  findUsable,
  type InvitationServices,
  mustBeFor,
  noteJoined,
  redeemInvitation,
  vouchesForEmail,
} from '../members/invitations.ts';
import { belongsToAny, putMember } from '../members/member-store.ts';

export interface Admission {
  /** Null: sign-up is open. */
  readonly invitation: InvitationRow | null;
  /** Whether the e-mail address needs no verification of its own. */
  readonly emailVouched: boolean;
  /**
   * Whether somebody gets in under the address without having shown that it is theirs: by an admin's word, where no mail could show
   * it. It joins them with nobody who comes by way of a provider.
   */
  readonly emailClaimed: boolean;
}

export interface Newcomer {
  readonly email: string;
  /** Of an invitation or the setup link. */
  readonly token: string | null;
}

export interface SignUpPolicy {
  /** Names the invitation, or the setup link, that a token is of; null: none that works. */
  invitedBy(token: string): Promise<string | null>;
  /** Throws a 403 that says what is missing. */
  admit(newcomer: Newcomer): Promise<Admission>;
  /** Makes a new user a member. Throws when the invitation was used meanwhile: then the user must go again. */
  join(userId: string, newcomer: Newcomer): Promise<void>;
  /** Before somebody is signed in: a user who belongs to nothing may come back with an invitation, or is refused. */
  mustBelong(userId: string, newcomer: Newcomer): Promise<void>;
}

export function createSignUpPolicy(
  services: InvitationServices & {
    readonly signUp: AccountsConfig['signUp'];
    readonly accountId: string;
    readonly hasMail: boolean;
  },
): SignUpPolicy {
  const { database, clock, signUp, accountId, hasMail } = services;

  async function admit({ email, token }: Newcomer): Promise<Admission> {
    const invitation = token === null ? null : await findUsable(services, token);
    if (invitation !== null) {
      mustBeFor(invitation, email);
      const emailVouched = vouchesForEmail(invitation);
      const emailClaimed = !emailVouched && !hasMail && invitation.email !== null;
      return { invitation, emailVouched, emailClaimed };
    }
    if (signUp === 'open') return { invitation: null, emailVouched: false, emailClaimed: false };
    if (token !== null)
      throw refused('invitation_invalid', 'This invitation was used, is too old, or was taken back');
    if (signUp === 'closed') throw refused('sign_up_closed', 'Sign-up is closed');
    throw refused(
      'invitation_required',
      'You need an invitation to sign up: ask an owner of this organisation',
    );
  }

  async function join(userId: string, newcomer: Newcomer): Promise<void> {
    const { invitation } = await admit(newcomer);
    const joined = await database.transaction(async (trx) => {
      if (invitation !== null) return await redeemInvitation(services, trx, invitation, userId);
      await putMember(trx, { accountId, userId, role: 'member', nowMs: clock.nowMs() });
      return true;
    });
    if (!joined) throw refused('invitation_invalid', 'This invitation was used a moment ago');
    noteJoined(services, userId, invitation ?? { account_id: accountId, id: null });
  }

  return {
    invitedBy: async (token) => (await findUsable(services, token))?.id ?? null,
    admit,
    join,
    async mustBelong(userId, newcomer) {
      if (await belongsToAny(database.db, userId)) return;
      // Who was removed does not come back by signing in where sign-up is open.
      if (newcomer.token !== null && (await findUsable(services, newcomer.token)) !== null) {
        return await join(userId, newcomer);
      }
      throw refused('not_a_member', 'You do not belong to this organisation: ask for an invitation');
    },
  };
}

function refused(reason: string, message: string): TurnpikeError {
  return new TurnpikeError('permission_denied', { message, metadata: { reason } });
}
