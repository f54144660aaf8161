/** What one does to a key from the list and from its own page alike. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { messageOf } from '../../shared/api/request.ts';
import { useToast } from '../../shared/components/toast.tsx';
import { changeKey } from './api/change-key.ts';
import { deleteKey } from './api/delete-key.ts';
import { type ApiKey, displayName } from './api-key.ts';

/** Switches a key off, and on again. */
export function useSwitchKey() {
  const queries = useQueryClient();
  const toast = useToast();
  return useMutation({
    mutationFn: (key: ApiKey) => changeKey(key.hash, { disabled: !key.disabled }),
    onSuccess: (key) => {
      toast(key.disabled ? `${displayName(key)} is disabled` : `${displayName(key)} works again`);
      return queries.invalidateQueries({ queryKey: ['keys'] });
    },
    onError: (error) => toast(messageOf(error), { tone: 'danger' }),
  });
}

/** Revokes a key for good. `onGone` comes before the other pages hear of it. */
export function useDeleteKey(onGone: () => void) {
  const queries = useQueryClient();
  const toast = useToast();
  return useMutation({
    mutationFn: (key: ApiKey) => deleteKey(key.hash),
    onSuccess: async (_answer, key) => {
      onGone();
      toast(`${displayName(key)} is revoked`);
      queries.removeQueries({ queryKey: ['keys', 'one', key.hash] });
      await queries.invalidateQueries({ queryKey: ['keys', 'list'] });
    },
  });
}
