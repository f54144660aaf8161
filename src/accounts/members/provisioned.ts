/** What an identity provider has done to people here: whoever it names becomes a member, and whoever it takes back is one no more. */
import { recordAudit } from '../../audit/record.ts';
import { invitationLetter } from '../../mail/mail-texts.ts';
import type { Trx } from '../../storage/database.ts';
import { findAccount } from '../../tenancy/tenants.ts';
import type { Accounts } from '../build.ts';
import { findProvenUser } from '../user-store.ts';
import { deleteInvitationsFor } from './invitation-store.ts';
import { createInvitation } from './invitations.ts';
import { findRole, putMember } from './member-store.ts';
import { removeMemberIn } from './members.ts';

export function provisionedPeople(accounts: Accounts) {
  const { clock, database, config, mailer } = accounts;
  return {
    findPerson: (trx: Trx, email: string): Promise<string | null> => findProvenUser(trx, email),
    async enrol(trx: Trx, accountId: string, userId: string): Promise<void> {
      if ((await findRole(trx, accountId, userId)) !== undefined) return;
      const nowMs = clock.nowMs();
      await putMember(trx, { accountId, userId, role: 'member', nowMs });
      await recordAudit(trx, {
        ...{ action: 'member.joined', target: ['user', userId], accountId, nowMs },
        after: { role: 'member', by_identity_provider: true },
      });
    },
    async remove(trx: Trx, accountId: string, userId: string): Promise<string[]> {
      if ((await findRole(trx, accountId, userId)) === undefined) return [];
      return await removeMemberIn(trx, 'operator', { accountId, userId }, clock.nowMs());
    },
    withdrawInvitations: (trx: Trx, accountId: string, email: string): Promise<void> =>
      deleteInvitationsFor(trx, accountId, email),
    /** Without mail nothing could show that the address is theirs: an admin invites them then. */
    async invite(accountId: string, email: string): Promise<void> {
      if (config.mail === null) return;
      const wish = { accountId, email, role: 'member', invitedByUserId: null, isMailed: true } as const;
      const { link } = await createInvitation(accounts, wish);
      const account = await findAccount(database.db, accountId);
      const accountName = account?.name ?? '';
      mailer.send(email, invitationLetter({ accountName, invitedBy: accountName, link }));
    },
  };
}
