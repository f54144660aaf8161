/** The product's sign and name. */

export function Brand() {
  return (
    <span className="inline-flex items-center gap-2 text-base font-semibold tracking-tight">
      <svg className="size-6 shrink-0" viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="7" className="fill-accent" />
        <g strokeLinecap="round" strokeWidth="4" className="stroke-on-accent">
          <path d="M9 25V11" />
          <path d="M9 12.5 25 8" />
        </g>
      </svg>
      Turnpike
    </span>
  );
}
