/** Around every page for people who are signed in: where one can go, who one is, and how to leave. */
import { useMutation } from '@tanstack/react-query';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { Brand } from '../shared/components/brand.tsx';
import { IconButton } from '../shared/components/button.tsx';
import { CloseIcon, MenuIcon, SignOutIcon } from '../shared/components/icons.tsx';
import { ThemeToggle } from '../shared/components/theme-toggle.tsx';
import { plainName, Untrusted } from '../shared/components/untrusted.tsx';
import { leaveFor } from '../shared/session/return-to.ts';
import { hasRole, useSession } from '../shared/session/session-query.ts';
import { signOut } from '../shared/session/sign-out.ts';
import { type Entry, entryOf, NAVIGATION } from './navigation.ts';

export function AppLayout() {
  const [isMenuOpen, setMenuOpen] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: closes whenever another page is shown
  useEffect(() => setMenuOpen(false), [path]);
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[15rem_1fr]">
      <a
        href="#main"
        className="absolute top-2 left-2 z-50 -translate-y-16 rounded-md bg-accent px-4 py-2.5 font-medium text-on-accent focus:translate-y-0"
      >
        Skip to the content
      </a>
      <header className="border-b border-border bg-surface md:sticky md:top-0 md:flex md:h-dvh md:flex-col md:border-r md:border-b-0">
        <div className="flex items-center justify-between px-4 py-2 md:px-5 md:py-5">
          <Link to="/keys" className="rounded-md py-1.5">
            <Brand />
          </Link>
          <IconButton
            label={isMenuOpen ? 'Close menu' : 'Open menu'}
            aria-expanded={isMenuOpen}
            aria-controls="menu"
            className="md:hidden"
            onClick={() => setMenuOpen(!isMenuOpen)}
          >
            {isMenuOpen ? <CloseIcon /> : <MenuIcon />}
          </IconButton>
        </div>
        <div
          id="menu"
          className={`${isMenuOpen ? 'flex' : 'hidden'} min-h-0 flex-1 flex-col overflow-y-auto px-3 pb-3 md:flex`}
        >
          <nav aria-label="Main" className="grid gap-5">
            {NAVIGATION.map((section) => (
              <Entries key={section.title ?? ''} {...section} />
            ))}
          </nav>
          <Me />
        </div>
      </header>
      <main id="main" tabIndex={-1} className="min-w-0 px-4 py-6 sm:px-6 md:px-8 md:py-8">
        <div className="mx-auto max-w-5xl">
          <Outlet />
        </div>
      </main>
    </div>
  );
}

function Entries({ entries, title }: { entries: readonly Entry[]; title?: string }) {
  const session = useSession();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const here = entryOf(path)?.to;
  const seen = entries.filter(({ role }) => hasRole(session, role));
  if (seen.length === 0) return null;
  return (
    <div>
      {title !== undefined && <p className="px-2.5 pb-1 text-xs font-medium text-muted">{title}</p>}
      <ul className="grid gap-0.5">
        {seen.map(({ to, label, Icon }) => (
          <li key={to}>
            <Link
              to={to as '/'}
              aria-current={to === here ? 'page' : undefined}
              activeProps={{ 'aria-current': to === here ? 'page' : undefined }}
              className="control-height flex items-center gap-2.5 rounded-md px-2.5 text-muted hover:bg-raised hover:text-text aria-[current=page]:bg-raised aria-[current=page]:font-medium aria-[current=page]:text-text"
            >
              <Icon />
              {label}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Me() {
  const { user, account } = useSession();
  const leaving = useMutation({ mutationFn: signOut, onSuccess: () => leaveFor('/sign-in') });
  return (
    <div className="mt-6 grid gap-3 border-t border-border pt-4 md:mt-auto">
      <div className="flex items-center gap-2 pl-2.5">
        <div className="min-w-0 flex-1">
          <p className="truncate font-medium" title={plainName(user.name)}>
            <Untrusted>{user.name}</Untrusted>
          </p>
          <p className="truncate text-muted" title={plainName(account.name)}>
            <Untrusted>{account.name}</Untrusted>
          </p>
        </div>
        <IconButton label="Sign out" onClick={() => leaving.mutate()}>
          <SignOutIcon />
        </IconButton>
      </div>
      <div className="pl-1.5">
        <ThemeToggle />
      </div>
    </div>
  );
}
