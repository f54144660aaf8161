/** What an organisation is called: on its pages, in invitations and where apps ask for keys. */
import { recordAudit } from '../audit/record.ts';
import type { Clock } from '../clock.ts';
import { invalidField, TurnpikeError } from '../errors.ts';
import { isStorable } from '../json.ts';
import type { Database } from '../storage/database.ts';
import { findAccount, renameAccount } from './store.ts';

const MAX_LENGTH = 100;

/** The name as it is stored, without space around it. 400 for one that is none. */
export async function renameOrganisation(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  accountId: string,
  wanted: unknown,
): Promise<string> {
  if (typeof wanted !== 'string' || !isStorable(wanted)) throw invalidField('name', 'must be a string');
  const name = wanted.trim();
  if (name === '') throw invalidField('name', 'must not be empty');
  if ([...name].length > MAX_LENGTH) throw invalidField('name', `must have at most ${MAX_LENGTH} characters`);
  await database.transaction(async (trx) => {
    const account = await findAccount(trx, accountId);
    if (account === undefined) throw new TurnpikeError('not_found');
    if (account.name === name) return;
    await renameAccount(trx, accountId, name);
    await recordAudit(trx, {
      ...{ action: 'organisation.renamed', target: ['account', accountId], accountId },
      ...{ before: { name: account.name }, after: { name }, nowMs: clock.nowMs() },
    });
  });
  return name;
}
