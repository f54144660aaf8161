/** Rows of data. On a narrow screen it scrolls sideways by itself, so that the page does not. */
import type { ComponentProps, ReactNode } from 'react';

/** `caption` says what the table holds, to screen readers only. */
export function Table({ caption, children }: { caption: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="relative overflow-x-auto rounded-lg" tabIndex={0} aria-label={caption}>
      <table className="w-full border-collapse text-left">
        <caption className="sr-only">{caption}</caption>
        {children}
      </table>
    </section>
  );
}

export function TableHead({ children }: { children: ReactNode }) {
  return (
    <thead className="border-b border-border text-muted">
      <tr>{children}</tr>
    </thead>
  );
}

export function TableBody({ children }: { children: ReactNode }) {
  return <tbody className="divide-y divide-border">{children}</tbody>;
}

/** `isNumeric` for amounts: flush right, in digits of one width. */
export function Th({
  isNumeric = false,
  className = '',
  ...rest
}: ComponentProps<'th'> & { isNumeric?: boolean }) {
  return (
    <th
      scope="col"
      {...rest}
      className={`px-3 py-2 font-medium whitespace-nowrap first:pl-0 last:pr-0 ${isNumeric ? 'text-right' : ''} ${className}`}
    />
  );
}

export function Td({
  isNumeric = false,
  className = '',
  ...rest
}: ComponentProps<'td'> & { isNumeric?: boolean }) {
  return (
    <td
      {...rest}
      className={`px-3 py-2.5 align-middle first:pl-0 last:pr-0 ${isNumeric ? 'text-right tabular-nums whitespace-nowrap' : ''} ${className}`}
    />
  );
}
