/** What one does to keys from the list and from a key's own page alike. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { PageKey } from '../../../src/keys/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { useToast } from '../../shared/components/toast.tsx';
import { changeKey } from './api/change-key.ts';
import { deleteKey } from './api/delete-key.ts';
import { displayName } from './api-key.ts';

interface Switch {
  readonly keys: readonly PageKey[];
  readonly disabled: boolean;
}

/** So many are changed at the same time. */
const AT_ONCE = 4;

/** Switches keys off, which can be undone, and on again. What was done before one failed stays done, and shows. */
export function useSwitchKeys() {
  const queries = useQueryClient();
  const toast = useToast();
  const refresh = () => queries.invalidateQueries({ queryKey: ['keys'] });
  const switching = useMutation({
    mutationFn: async ({ keys, disabled }: Switch) => {
      for (let at = 0; at < keys.length; at += AT_ONCE) {
        await Promise.all(keys.slice(at, at + AT_ONCE).map(({ hash }) => changeKey(hash, { disabled })));
      }
    },
    onSuccess: (_answer, { keys, disabled }) => {
      const [first] = keys;
      const what = keys.length === 1 && first !== undefined ? displayName(first) : `${keys.length} keys`;
      const verb = keys.length === 1 ? 'is' : 'are';
      if (disabled) {
        const undo = { label: 'Undo', onPress: () => switching.mutate({ keys, disabled: false }) };
        toast(`${what} ${verb} disabled`, { action: undo });
      } else toast(`${what} ${keys.length === 1 ? 'works' : 'work'} again`);
      return refresh();
    },
    onError: (error) => {
      toast(messageOf(error), { tone: 'danger' });
      return refresh();
    },
  });
  return switching;
}

/** Revokes a key for good. `onGone` comes before the other pages hear of it. */
export function useDeleteKey(onGone: () => void) {
  const queries = useQueryClient();
  const toast = useToast();
  return useMutation({
    mutationFn: (key: PageKey) => deleteKey(key.hash),
    onSuccess: async (_answer, key) => {
      onGone();
      toast(`${displayName(key)} is revoked`);
      queries.removeQueries({ queryKey: ['keys', 'one', key.hash] });
      await queries.invalidateQueries({ queryKey: ['keys', 'list'] });
    },
  });
}
