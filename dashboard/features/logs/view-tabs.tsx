/** What was answered, or what was refused. */
import { Link } from '@tanstack/react-router';
import type { LogsSearch } from './logs-search.ts';

const VIEWS = [
  { view: undefined, label: 'Requests' },
  { view: 'refused', label: 'Refused' },
] as const;

export function ViewTabs({ view }: { view: LogsSearch['view'] | undefined }) {
  return (
    <nav aria-label="Kinds of requests" className="flex gap-1 border-b border-border">
      {VIEWS.map((each) => (
        <Link
          key={each.label}
          to="/logs"
          search={((all: object) => ({ ...all, view: each.view, id: undefined })) as never}
          resetScroll={false}
          aria-current={view === each.view ? 'page' : undefined}
          className={`-mb-px border-b-2 px-3 py-2 font-medium ${view === each.view ? 'border-accent text-text' : 'border-transparent text-muted hover:text-text'}`}
        >
          {each.label}
        </Link>
      ))}
    </nav>
  );
}
