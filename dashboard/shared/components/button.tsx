/** Whatever is pressed: one shape, four weights. */
import type { ComponentProps, ReactNode } from 'react';
import { Spinner } from './spinner.tsx';

export type ButtonVariant = 'primary' | 'secondary' | 'danger' | 'ghost';

const BASE =
  'control-height inline-flex items-center justify-center gap-2 rounded-md px-3.5 py-1.5 font-medium no-underline select-none motion-safe:transition-colors disabled:opacity-60 aria-busy:opacity-80';

const VARIANTS: Readonly<Record<ButtonVariant, string>> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-hover',
  secondary: 'border border-control/60 bg-surface text-text hover:bg-raised',
  danger: 'bg-danger text-on-accent hover:bg-danger-hover',
  ghost: 'text-text hover:bg-raised',
};

/** For links that look like buttons. */
export function buttonClass(variant: ButtonVariant = 'primary', extra = ''): string {
  return `${BASE} ${VARIANTS[variant]} ${extra}`;
}

export interface ButtonProps extends ComponentProps<'button'> {
  variant?: ButtonVariant;
  /** Shows that it works, and takes no second press; the focus stays. */
  isBusy?: boolean;
  icon?: ReactNode;
}

export function Button({
  variant = 'primary',
  isBusy = false,
  icon,
  className = '',
  type = 'button',
  onClick,
  children,
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      className={buttonClass(variant, className)}
      aria-busy={isBusy || undefined}
      aria-disabled={isBusy || undefined}
      onClick={(event) => {
        if (isBusy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {isBusy ? <Spinner /> : icon}
      {children}
    </button>
  );
}

/** A button that is only a picture; its label is for screen readers and as a tooltip. */
export function IconButton({
  label,
  children,
  className = '',
  ...rest
}: ComponentProps<'button'> & { label: string }) {
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      title={label}
      className={`control-height inline-flex aspect-square items-center justify-center rounded-md text-muted hover:bg-raised hover:text-text ${className}`}
    >
      {children}
    </button>
  );
}
