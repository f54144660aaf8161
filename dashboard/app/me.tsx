/** Who is signed in, the theme, and the way out. */
import { useMutation } from '@tanstack/react-query';
import { messageOf } from '../shared/api/request.ts';
import { IconButton } from '../shared/components/button.tsx';
import { KeyboardIcon, SignOutIcon } from '../shared/components/icons.tsx';
import { ThemeToggle } from '../shared/components/theme-toggle.tsx';
import { useToast } from '../shared/components/toast.tsx';
import { plainName, Untrusted } from '../shared/components/untrusted.tsx';
import { leaveFor } from '../shared/session/return-to.ts';
import { useSession } from '../shared/session/session-query.ts';
import { signOut } from '../shared/session/sign-out.ts';

export function Me({ onShortcuts }: { onShortcuts: () => void }) {
  const { user } = useSession();
  const toast = useToast();
  const leaving = useMutation({
    mutationFn: signOut,
    onSuccess: () => leaveFor('/sign-in'),
    onError: (error) => toast(messageOf(error), { tone: 'danger' }),
  });
  return (
    <div className="mt-6 grid shrink-0 gap-3 border-t border-border pt-4 lg:mt-0">
      <div className="flex items-center gap-2 pl-2.5">
        <div className="min-w-0 flex-1">
          <p className="truncate font-medium" title={plainName(user.name)}>
            <Untrusted>{user.name}</Untrusted>
          </p>
          <p className="truncate text-muted" title={plainName(user.email)}>
            <Untrusted>{user.email}</Untrusted>
          </p>
        </div>
        <IconButton label="Sign out" onClick={() => leaving.mutate()}>
          <SignOutIcon />
        </IconButton>
      </div>
      <div className="flex items-center justify-between pl-1.5">
        <ThemeToggle />
        <IconButton label="Shortcuts" onClick={onShortcuts}>
          <KeyboardIcon />
        </IconButton>
      </div>
    </div>
  );
}
