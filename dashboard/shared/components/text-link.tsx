/** A link within a text. */
import { Link } from '@tanstack/react-router';
import type { ComponentProps, ReactNode } from 'react';

const LINK_CLASS = 'text-link underline underline-offset-2 hover:no-underline';

/** To another page of ours; `to` may bring a query of its own. The router's types know neither queries nor computed paths. */
export function TextLink({ to, children }: { to: string; children: ReactNode }) {
  const [path = '/', query] = to.split('?');
  const search = Object.fromEntries(new URLSearchParams(query ?? ''));
  return (
    <Link to={path as '/'} search={search as never} className={LINK_CLASS}>
      {children}
    </Link>
  );
}

export function TextButton({ className = '', ...rest }: ComponentProps<'button'>) {
  return <button type="button" {...rest} className={`${LINK_CLASS} py-1 ${className}`} />;
}

/** To another site: http and https only, which learns nothing of us. Anything else stays a text. */
export function ExternalLink({ href, children }: { href: string; children: ReactNode }) {
  const url = URL.parse(href);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return <>{children}</>;
  return (
    <a href={url.href} className={LINK_CLASS} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}
