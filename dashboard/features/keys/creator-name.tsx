/** Who made a key, as far as that is known. */
import { useQuery } from '@tanstack/react-query';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { creatorsQuery } from './api/list-creators.ts';
import type { ApiKey } from './api-key.ts';

export function CreatorName({ apiKey: { creator_user_id: userId } }: { apiKey: ApiKey }) {
  const { data: creators } = useQuery(creatorsQuery);
  if (userId === null) return <>the organisation</>;
  if (creators === undefined) return <>…</>;
  const name = creators.get(userId);
  return name === undefined ? <>somebody who has left</> : <Untrusted>{name}</Untrusted>;
}
