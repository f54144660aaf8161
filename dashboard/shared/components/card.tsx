/** A framed part of a page, with a heading of its own. */
import { type ReactNode, useId } from 'react';

export function Card({
  title,
  description,
  actions,
  children,
}: {
  title?: string;
  description?: ReactNode;
  actions?: ReactNode;
  children?: ReactNode;
}) {
  const id = useId();
  return (
    <section
      aria-labelledby={title === undefined ? undefined : id}
      className="min-w-0 rounded-xl border border-border bg-surface shadow-card"
    >
      {title !== undefined && (
        <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3 px-5 pt-4">
          <div className={`min-w-0 flex-1 ${description === undefined ? 'basis-24' : 'basis-64'}`}>
            <h2 id={id} className="text-base font-semibold">
              {title}
            </h2>
            {description !== undefined && <p className="mt-0.5 text-muted">{description}</p>}
          </div>
          {actions}
        </header>
      )}
      {children !== undefined && <div className="px-5 py-4">{children}</div>}
    </section>
  );
}
