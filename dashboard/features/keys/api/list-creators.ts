/** What people in the organisation are called, to say who made a key. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../../../shared/api/request.ts';

interface Member {
  readonly user_id: string;
  readonly name: string;
  readonly email: string;
}

export const creatorsQuery = queryOptions({
  queryKey: ['keys', 'creators'],
  queryFn: async ({ signal }): Promise<ReadonlyMap<string, string>> => {
    const members = await requestData<Member[]>('GET', '/api/dashboard/members', { signal });
    return new Map(members.map(({ user_id, name, email }) => [user_id, name === '' ? email : name]));
  },
});
