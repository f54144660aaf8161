/** To the next keys and back, page by page; the page is part of the address. */
import { Link } from '@tanstack/react-router';
import { buttonClass } from '../../shared/components/button.tsx';
import type { KeySearch } from './key-search.ts';

export function Pager({ search, hasNext }: { search: KeySearch; hasNext: boolean }) {
  const { page = 1, ...rest } = search;
  if (page === 1 && !hasNext) return null;
  const to = (next: number): KeySearch => (next === 1 ? rest : { ...rest, page: next });
  return (
    <nav aria-label="Pages" className="mt-4 flex items-center justify-between gap-3">
      <span className="text-muted">Page {page}</span>
      <span className="flex gap-2">
        {page > 1 && <PageLink search={to(page - 1)}>Previous</PageLink>}
        {hasNext && <PageLink search={to(page + 1)}>Next</PageLink>}
      </span>
    </nav>
  );
}

function PageLink({ search, children }: { search: KeySearch; children: string }) {
  return (
    <Link to="/keys" search={search as never} className={buttonClass('secondary')}>
      {children}
    </Link>
  );
}
