/** The list behind `?`. */
import { Dialog } from '../shared/components/dialog.tsx';
import { hasRole, useSession } from '../shared/session/session-query.ts';
import { GOES_TO } from './shortcuts.ts';

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const session = useSession();
  const pages = GOES_TO.filter(({ role }) => hasRole(session, role));
  return (
    <Dialog isOpen title="Keyboard shortcuts" onClose={onClose}>
      <dl className="grid grid-cols-[auto_1fr] items-center gap-x-6 gap-y-2.5">
        <Line keys={['Ctrl', 'K']} or={['⌘', 'K']} does="Search pages, keys, models and requests" />
        {pages.map(({ key, label }) => (
          <Line key={key} keys={['g', key]} does={`Go to ${label}`} />
        ))}
        <Line keys={['?']} does="Show this list" />
        <Line keys={['Esc']} does="Close what is open" />
      </dl>
    </Dialog>
  );
}

function Line({ keys, or, does }: { keys: readonly string[]; or?: readonly string[]; does: string }) {
  return (
    <>
      <dt className="flex items-center gap-1">
        <Keys keys={keys} />
        {or !== undefined && (
          <>
            <span className="px-1 text-muted">or</span>
            <Keys keys={or} />
          </>
        )}
      </dt>
      <dd>{does}</dd>
    </>
  );
}

function Keys({ keys }: { keys: readonly string[] }) {
  return keys.map((key) => (
    <kbd
      key={key}
      className="min-w-6 rounded border border-border bg-raised px-1.5 py-0.5 text-center font-mono text-xs"
    >
      {key}
    </kbd>
  ));
}
