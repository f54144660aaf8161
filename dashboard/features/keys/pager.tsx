/** To the next keys and back, page by page; the page is part of the address. */
import { Link } from '@tanstack/react-router';
import { buttonClass } from '../../shared/components/button.tsx';

export function Pager({ page, hasNext }: { page: number; hasNext: boolean }) {
  if (page === 1 && !hasNext) return null;
  return (
    <nav aria-label="Pages" className="mt-4 flex items-center justify-between gap-3">
      <span className="text-muted">Page {page}</span>
      <span className="flex gap-2">
        {page > 1 && <PageLink page={page - 1}>Previous</PageLink>}
        {hasNext && <PageLink page={page + 1}>Next</PageLink>}
      </span>
    </nav>
  );
}

function PageLink({ page, children }: { page: number; children: string }) {
  return (
    <Link
      to="/keys"
      search={(page === 1 ? {} : { page: String(page) }) as never}
      className={buttonClass('secondary')}
    >
      {children}
    </Link>
  );
}
