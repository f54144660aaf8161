/** Which registered app is calling one of the OAuth endpoints, shown by its secret or, for a public client, by its id alone. */
import type { Db } from '../../storage/database.ts';
import type { Fields, GrantCall } from '../token-endpoint.ts';
import { type ClientRow, findClient } from './client-store.ts';
import { credentialsOf, isProven, unknownClient } from './clients.ts';

export async function authenticateClient(
  db: Db,
  fields: Fields,
  { request }: Pick<GrantCall, 'request'>,
): Promise<ClientRow> {
  const credentials = credentialsOf(fields, request.headers.get('authorization'));
  const row = await findClient(db, credentials.clientId);
  if (row === undefined || !isProven(row, credentials.secret)) throw unknownClient(credentials.inHeader);
  return row;
}
