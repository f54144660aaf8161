/** Around every page for people who are signed in: where one can go, who one is, and how to leave. */
import { useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { Brand } from '../shared/components/brand.tsx';
import { IconButton } from '../shared/components/button.tsx';
import { CloseIcon, MenuIcon, SearchIcon } from '../shared/components/icons.tsx';
import { plainName, Untrusted } from '../shared/components/untrusted.tsx';
import { hasRole, sessionQuery, useSession } from '../shared/session/session-query.ts';
import { Me } from './me.tsx';
import { entryOf, NAVIGATION, type Section } from './navigation.ts';
import { SessionEndedNotice } from './session-ended-notice.tsx';
import { useShortcuts } from './use-shortcuts.ts';
import { WorkspaceSwitcher } from './workspace-switcher.tsx';

// Whoever never presses its key never loads it.
const Palette = lazy(() => import('./palette.tsx').then(({ Palette }) => ({ default: Palette })));
const Shortcuts = lazy(() =>
  import('./shortcuts-dialog.tsx').then((module) => ({ default: module.ShortcutsDialog })),
);

export function AppLayout() {
  return (
    <Frame>
      <Outlet />
    </Frame>
  );
}

export function Frame({ children }: { children: ReactNode }) {
  const [isMenuOpen, setMenuOpen] = useState(false);
  const [open, setOpen] = useState<'palette' | 'shortcuts' | null>(null);
  const menuButton = useRef<HTMLButtonElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const queries = useQueryClient();
  useShortcuts({ onPalette: () => setOpen('palette'), onHelp: () => setOpen('shortcuts') });
  // biome-ignore lint/correctness/useExhaustiveDependencies: closes whenever another page is shown
  useEffect(() => setMenuOpen(false), [path]);
  useEffect(() => {
    if (!isMenuOpen) return;
    const close = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      setMenuOpen(false);
      menuButton.current?.focus();
    };
    addEventListener('keydown', close);
    return () => removeEventListener('keydown', close);
  }, [isMenuOpen]);
  // Whoever signed in again in another tab goes on here.
  useEffect(() => {
    const lookAgain = () => void queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
    addEventListener('focus', lookAgain);
    return () => removeEventListener('focus', lookAgain);
  }, [queries]);
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[15rem_minmax(0,1fr)]">
      <a
        href="#main"
        className="absolute top-2 left-2 z-50 -translate-y-16 rounded-md bg-accent px-4 py-2.5 font-medium text-on-accent focus:translate-y-0"
      >
        Skip to the content
      </a>
      <header className="border-b border-border bg-surface lg:sticky lg:top-0 lg:flex lg:h-dvh lg:flex-col lg:border-r lg:border-b-0">
        <div className="flex items-center justify-between gap-2 px-4 py-2 lg:px-5 lg:pt-5 lg:pb-3">
          <Link to="/" className="rounded-md py-1.5">
            <Brand />
          </Link>
          <span className="flex lg:hidden">
            <IconButton label="Search" onClick={() => setOpen('palette')}>
              <SearchIcon />
            </IconButton>
            <IconButton
              ref={menuButton}
              label={isMenuOpen ? 'Close menu' : 'Open menu'}
              aria-expanded={isMenuOpen}
              aria-controls="menu"
              onClick={() => setMenuOpen(!isMenuOpen)}
            >
              {isMenuOpen ? <CloseIcon /> : <MenuIcon />}
            </IconButton>
          </span>
        </div>
        <div
          id="menu"
          className={`${isMenuOpen ? 'flex' : 'hidden'} min-h-0 flex-1 flex-col px-3 pb-3 lg:flex`}
        >
          <AccountName />
          <WorkspaceSwitcher />
          <SearchButton onClick={() => setOpen('palette')} />
          <nav
            aria-label="Main"
            className="grid min-h-0 content-start gap-4 lg:-mx-1 lg:flex-1 lg:overflow-y-auto lg:p-1"
          >
            {NAVIGATION.map((section) => (
              <Entries key={section.title ?? ''} {...section} here={entryOf(path)?.to} />
            ))}
          </nav>
          <Me onShortcuts={() => setOpen('shortcuts')} />
        </div>
      </header>
      <main id="main" tabIndex={-1} className="min-w-0 px-4 py-6 sm:px-6 lg:px-8 lg:py-8">
        <div className="mx-auto max-w-5xl">
          <SessionEndedNotice />
          {children}
        </div>
      </main>
      <Suspense fallback={null}>
        {open === 'palette' && (
          <Palette onClose={() => setOpen(null)} onShortcuts={() => setOpen('shortcuts')} />
        )}
        {open === 'shortcuts' && <Shortcuts onClose={() => setOpen(null)} />}
      </Suspense>
    </div>
  );
}

/** Whose gateway this is for whoever looks at it. */
function AccountName() {
  const { account } = useSession();
  return (
    <p className="flex min-w-0 items-center gap-2 px-2.5 pb-3 font-medium" title={plainName(account.name)}>
      {account.logo !== null && (
        <img src={account.logo} alt="" className="size-6 shrink-0 rounded-sm object-contain" />
      )}
      <span className="truncate">
        <Untrusted>{account.name}</Untrusted>
      </span>
    </p>
  );
}

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

function SearchButton({ onClick }: { onClick: () => void }) {
  return (
    <button
      type="button"
      onClick={onClick}
      className="control-height mb-4 flex w-full items-center gap-2.5 rounded-md border border-border bg-canvas px-2.5 text-left text-muted hover:text-text max-lg:hidden"
    >
      <SearchIcon />
      <span className="flex-1">Search</span>
      <kbd className="font-sans text-xs">{isMac ? '⌘K' : 'Ctrl K'}</kbd>
    </button>
  );
}

function Entries({ entries, title, here }: Section & { here: string | undefined }) {
  const session = useSession();
  const seen = entries.filter(({ role }) => hasRole(session, role));
  if (seen.length === 0) return null;
  return (
    <div>
      {title !== undefined && <p className="px-2.5 pb-1 text-xs font-medium text-muted">{title}</p>}
      <ul className="grid gap-0.5">
        {seen.map(({ to, label, Icon }) => {
          const current = to === here ? ('page' as const) : undefined;
          return (
            <li key={to}>
              <Link
                to={to as '/'}
                aria-current={current}
                activeProps={{ 'aria-current': current }}
                className="control-height flex items-center gap-2.5 rounded-md px-2.5 text-muted hover:bg-raised hover:text-text aria-[current=page]:bg-raised aria-[current=page]:font-medium aria-[current=page]:text-text"
              >
                <Icon />
                {label}
              </Link>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
