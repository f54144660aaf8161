/** What an organisation has settled for itself: its name, the zone that its figures' days are of, and its picture. */
import { z } from 'zod';
import { recordAudit } from '../audit/record.ts';
import type { Clock } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import { parse, text } from '../keys/key-fields.ts';
import type { Database } from '../storage/database.ts';
import { findAccount } from '../tenancy/tenants.ts';
import { isTimeZone } from '../time-zone.ts';
import type { Organisation } from './answers.ts';
import { drawLogo } from './logo.ts';
import { changeAccount, deleteLogo, findLogo, findLogoHash, putLogo } from './store.ts';

export interface OrganisationServices {
  readonly database: Database;
  readonly clock: Clock;
}

const MAX_NAME_LENGTH = 100;

const patch = z.strictObject(
  {
    name: text
      .transform((name) => name.trim())
      .pipe(
        z
          .string()
          .min(1, 'must not be empty')
          .refine(
            (name) => [...name].length <= MAX_NAME_LENGTH,
            `must have at most ${MAX_NAME_LENGTH} characters`,
          ),
      )
      .optional(),
    time_zone: text
      .refine(isTimeZone, 'must be the name of a time zone, such as "Europe/Berlin" or "UTC"')
      .optional(),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `has no member ${issue.keys.join(', ')}; there are name and time_zone`
        : 'must be a JSON object',
  },
);

const upload = z.strictObject(
  { image: z.base64('must be the bytes of the image in base64') },
  'must be a JSON object with the member image',
);

/** Where pages find the picture; another picture is at another address. */
export const LOGO_PATH = '/api/dashboard/organisation/logo';

const logoAddress = (hash: string | null): string | null =>
  hash === null ? null : `${LOGO_PATH}?v=${hash.slice(0, 16)}`;

export async function findOrganisation(
  { database: { db } }: Pick<OrganisationServices, 'database'>,
  accountId: string,
): Promise<Organisation | undefined> {
  const [account, hash] = await Promise.all([findAccount(db, accountId), findLogoHash(db, accountId)]);
  if (account === undefined) return undefined;
  return { id: account.id, name: account.name, time_zone: account.time_zone, logo: logoAddress(hash) };
}

/** 404 for one that is unknown. */
export async function readOrganisation(
  services: Pick<OrganisationServices, 'database'>,
  accountId: string,
): Promise<Organisation> {
  const found = await findOrganisation(services, accountId);
  if (found === undefined) throw new TurnpikeError('not_found');
  return found;
}

/** What stays out of the body stays as it is. 400 for a name or a zone that is none. */
export async function changeOrganisation(
  services: OrganisationServices,
  accountId: string,
  body: unknown,
): Promise<Organisation> {
  const changes = parse(patch, body);
  await services.database.transaction(async (trx) => {
    const account = await findAccount(trx, accountId);
    if (account === undefined) throw new TurnpikeError('not_found');
    const before = { name: account.name, time_zone: account.time_zone };
    const after = {
      name: changes.name ?? before.name,
      time_zone: changes.time_zone ?? before.time_zone,
    };
    if (after.name === before.name && after.time_zone === before.time_zone) return;
    await changeAccount(trx, accountId, after);
    await recordAudit(trx, {
      ...{ action: 'organisation.changed', target: ['account', accountId], accountId },
      ...{ before, after, nowMs: services.clock.nowMs() },
    });
  });
  return await readOrganisation(services, accountId);
}

/** 400 for what is no picture that we draw. */
export async function changeLogo(
  services: OrganisationServices,
  accountId: string,
  body: unknown,
): Promise<Organisation> {
  const { image } = parse(upload, body);
  const { hash, png } = await drawLogo(Buffer.from(image, 'base64'));
  const nowMs = services.clock.nowMs();
  await services.database.transaction(async (trx) => {
    const before = await findLogoHash(trx, accountId);
    if (before === hash) return;
    await putLogo(trx, { account_id: accountId, hash, png, updated_at_ms: nowMs });
    await recordAudit(trx, {
      ...{ action: 'organisation.logo_changed', target: ['account', accountId], accountId },
      ...{ before: { sha256: before }, after: { sha256: hash }, nowMs },
    });
  });
  return await readOrganisation(services, accountId);
}

export async function removeLogo(services: OrganisationServices, accountId: string): Promise<Organisation> {
  await services.database.transaction(async (trx) => {
    const before = await findLogoHash(trx, accountId);
    if (before === null) return;
    await deleteLogo(trx, accountId);
    await recordAudit(trx, {
      ...{ action: 'organisation.logo_removed', target: ['account', accountId], accountId },
      ...{ before: { sha256: before }, nowMs: services.clock.nowMs() },
    });
  });
  return await readOrganisation(services, accountId);
}

/** A PNG, and the tag that it has as long as it is the same; 404 where there is none. */
export async function readLogo(
  { database: { db } }: Pick<OrganisationServices, 'database'>,
  accountId: string,
): Promise<{ readonly etag: string; readonly bytes: Uint8Array<ArrayBuffer> }> {
  const row = await findLogo(db, accountId);
  if (row === undefined) throw new TurnpikeError('not_found');
  return { etag: `"${row.hash}"`, bytes: new Uint8Array(Buffer.from(row.png, 'base64')) };
}
