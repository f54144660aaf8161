/** Something to know before going on: what went wrong, what went well, what to mind. */
import type { ReactNode } from 'react';
import { AlertIcon, CheckCircleIcon, InfoIcon } from './icons.tsx';

export type AlertTone = 'danger' | 'success' | 'warning' | 'info';

const TONES: Readonly<Record<AlertTone, string>> = {
  danger: 'bg-danger-soft text-danger-text',
  success: 'bg-success-soft text-success-text',
  warning: 'bg-warning-soft text-warning-text',
  info: 'bg-accent-soft text-text',
};

/** A danger is read out as soon as it appears. */
export function Alert({
  tone = 'info',
  title,
  children,
}: {
  tone?: AlertTone;
  title?: string;
  children: ReactNode;
}) {
  const Icon = tone === 'success' ? CheckCircleIcon : tone === 'info' ? InfoIcon : AlertIcon;
  return (
    <div
      role={tone === 'danger' ? 'alert' : 'status'}
      className={`flex gap-2.5 rounded-lg px-3.5 py-3 ${TONES[tone]}`}
    >
      <span className="mt-0.5 shrink-0">
        <Icon />
      </span>
      <div className="min-w-0 grid gap-1">
        {title !== undefined && <p className="font-semibold">{title}</p>}
        <div>{children}</div>
      </div>
    </div>
  );
}
