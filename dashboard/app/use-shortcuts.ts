/** Keys that work on every page: listed in shortcuts.ts, and silent while somebody types. */
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { hasRole, useSession } from '../shared/session/session-query.ts';
import { GOES_TO } from './shortcuts.ts';

/** After `g`, the second key must come within that time. */
const SECOND_KEY_WITHIN_MS = 1500;

export function useShortcuts({ onPalette, onHelp }: { onPalette: () => void; onHelp: () => void }): void {
  const session = useSession();
  const navigate = useNavigate();
  const wentAtMs = useRef(0);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && !event.altKey && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        return onPalette();
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isBusy(event.target)) return;
      if (event.key === '?') return onHelp();
      const waited = event.timeStamp - wentAtMs.current;
      wentAtMs.current = event.key === 'g' ? event.timeStamp : 0;
      if (waited > SECOND_KEY_WITHIN_MS) return;
      const goal = GOES_TO.find(({ key, role }) => key === event.key && hasRole(session, role));
      if (goal !== undefined) void navigate({ to: goal.to as '/' });
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [session, navigate, onPalette, onHelp]);
}

/** Somebody types, or answers a question. */
function isBusy(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]') !== null) return true;
  return (
    target instanceof Element &&
    target.closest('input, textarea, select, [contenteditable], [role=menu]') !== null
  );
}
