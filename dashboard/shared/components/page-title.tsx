/** The heading of a page, which is also the window's title. */
import { type ReactNode, useEffect } from 'react';

/** Only the window's title, where the heading looks otherwise. */
export function useWindowTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Turnpike`;
  }, [title]);
}

export function PageTitle({
  title,
  description,
  actions,
}: {
  title: string;
  description?: ReactNode;
  actions?: ReactNode;
}) {
  useWindowTitle(title);
  return (
    <div className="mb-5 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <h1 tabIndex={-1} className="line-clamp-3 text-xl font-semibold tracking-tight wrap-anywhere">
          {title}
        </h1>
        {description !== undefined && <p className="mt-1 max-w-2xl text-muted">{description}</p>}
      </div>
      {actions !== undefined && <div className="flex flex-wrap gap-2">{actions}</div>}
    </div>
  );
}
