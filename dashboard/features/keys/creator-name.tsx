/** Who made a key, as far as that is known. */
import { useQuery } from '@tanstack/react-query';
import type { PageKey } from '../../../src/keys/answers.ts';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { creatorsQuery } from './api/list-creators.ts';

export function CreatorName({ apiKey: { creator_user_id: userId } }: { apiKey: PageKey }) {
  const { data: creators } = useQuery(creatorsQuery);
  if (userId === null) return <>the organisation</>;
  if (creators === undefined) return <>…</>;
  const name = creators.get(userId);
  return name === undefined ? <>somebody who has left</> : <Untrusted>{name}</Untrusted>;
}
