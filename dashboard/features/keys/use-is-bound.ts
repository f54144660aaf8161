/** Whether a key's limit and state are an admin's word, which whoever looks at it cannot change. */
import { hasRole, useSession } from '../../shared/session/session-query.ts';
import type { ApiKey } from './api-key.ts';

export function useIsBound(apiKey: ApiKey): boolean {
  const session = useSession();
  return apiKey.bounded_by_admin && !hasRole(session, 'admin');
}
