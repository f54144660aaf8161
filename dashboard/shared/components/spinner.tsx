/** Something is on its way: a spinner for a moment, a skeleton for what will stand there. */
import type { ReactNode } from 'react';

export function Spinner() {
  return (
    <svg
      className="size-4 shrink-0 motion-safe:animate-spin"
      viewBox="0 0 16 16"
      fill="none"
      aria-hidden="true"
    >
      <circle cx="8" cy="8" r="6.5" stroke="currentColor" strokeOpacity="0.3" strokeWidth="2" />
      <path d="M14.5 8A6.5 6.5 0 0 0 8 1.5" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
    </svg>
  );
}

export function Skeleton({ className = 'h-4 w-full' }: { className?: string }) {
  return <div className={`motion-safe:animate-pulse rounded bg-raised ${className}`} aria-hidden="true" />;
}

/** Says "Loading" to a screen reader, and shows the shape of what comes. */
export function Loading({ label = 'Loading', children }: { label?: string; children?: ReactNode }) {
  return (
    <div role="status">
      <span className="sr-only">{label}</span>
      {children ?? (
        <div className="grid gap-3">
          <Skeleton className="h-4 w-2/3" />
          <Skeleton />
          <Skeleton className="h-4 w-5/6" />
        </div>
      )}
    </div>
  );
}
