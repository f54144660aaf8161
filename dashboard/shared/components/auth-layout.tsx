/** A card in the middle of an otherwise empty page: signing in, and everything on the way there. */
import type { ReactNode } from 'react';
import { Brand } from './brand.tsx';
import { useWindowTitle } from './page-title.tsx';
import { ThemeToggle } from './theme-toggle.tsx';

export function AuthLayout({
  title,
  description,
  children,
  footer,
}: {
  title: string;
  description?: ReactNode;
  children?: ReactNode;
  /** Below the card: the other way to go. */
  footer?: ReactNode;
}) {
  useWindowTitle(title);
  return (
    <div className="flex min-h-dvh flex-col items-center px-4 py-6 sm:pt-[11vh]">
      <header className="mb-6">
        <Brand />
      </header>
      <main className="w-full max-w-md">
        <div className="rounded-xl border border-border bg-surface p-5 shadow-card sm:p-7">
          <h1 tabIndex={-1} className="text-xl font-semibold tracking-tight">
            {title}
          </h1>
          {description !== undefined && <div className="mt-1.5 text-muted">{description}</div>}
          {children !== undefined && <div className="mt-5 grid gap-4">{children}</div>}
        </div>
        {footer !== undefined && <div className="mt-4 text-center text-muted">{footer}</div>}
      </main>
      <footer className="mt-auto pt-8">
        <ThemeToggle />
      </footer>
    </div>
  );
}
