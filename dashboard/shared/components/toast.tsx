/** A word in passing: that something was done, which goes after a while, or that it was not, which stays until it is dismissed. */
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';
import { Button, IconButton } from './button.tsx';
import { AlertIcon, CheckCircleIcon, CloseIcon, InfoIcon } from './icons.tsx';

const SHOWN_FOR_MS = 6000;
/** Time to read it, think, and press "Undo". */
const UNDO_SHOWN_FOR_MS = 12_000;

export type ToastTone = 'success' | 'danger' | 'info';

export interface ToastOptions {
  /** Default: success. */
  readonly tone?: ToastTone;
  /** Such as "Undo". */
  readonly action?: { readonly label: string; readonly onPress: () => void };
}

type ShowToast = (text: string, options?: ToastOptions) => void;
interface Toast extends ToastOptions {
  readonly id: number;
  readonly text: string;
}

const ToastContext = createContext<ShowToast>(() => {});

export const useToast = (): ShowToast => useContext(ToastContext);

const TONES = {
  success: { Icon: CheckCircleIcon, className: 'text-success-text' },
  danger: { Icon: AlertIcon, className: 'text-danger-text' },
  info: { Icon: InfoIcon, className: 'text-link' },
} as const;

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const nextId = useRef(0);
  const remove = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const show = useCallback<ShowToast>(
    (text, options = {}) => {
      nextId.current += 1;
      const id = nextId.current;
      setToasts((all) => [...all, { ...options, id, text }]);
      if (options.tone === 'danger') return;
      setTimeout(() => remove(id), options.action === undefined ? SHOWN_FOR_MS : UNDO_SHOWN_FOR_MS);
    },
    [remove],
  );
  return (
    <ToastContext value={useMemo(() => show, [show])}>
      {children}
      <div className="pointer-events-none fixed inset-x-4 bottom-4 z-50 grid justify-items-center gap-2 sm:left-auto sm:justify-items-end">
        {/* Two regions: what failed is read out at once, what was done when there is a pause. */}
        <div role="alert" className="contents">
          {toasts.map((toast) =>
            toast.tone === 'danger' ? <ToastCard key={toast.id} {...toast} onDismiss={remove} /> : null,
          )}
        </div>
        <div role="status" className="contents">
          {toasts.map((toast) =>
            toast.tone === 'danger' ? null : <ToastCard key={toast.id} {...toast} onDismiss={remove} />,
          )}
        </div>
      </div>
    </ToastContext>
  );
}

function ToastCard({
  id,
  text,
  tone = 'success',
  action,
  onDismiss,
}: Toast & { onDismiss: (id: number) => void }) {
  const { Icon, className } = TONES[tone];
  return (
    <div
      data-tone={tone}
      className="pointer-events-auto flex max-w-sm items-center gap-2 rounded-lg border border-border bg-surface py-1.5 pr-1.5 pl-3 shadow-floating"
    >
      <span className={className}>
        <Icon />
      </span>
      <span className="min-w-0 flex-1 wrap-anywhere">{text}</span>
      {action !== undefined && (
        <Button
          variant="ghost"
          onClick={() => {
            onDismiss(id);
            action.onPress();
          }}
        >
          {action.label}
        </Button>
      )}
      <IconButton label="Dismiss" onClick={() => onDismiss(id)}>
        <CloseIcon />
      </IconButton>
    </div>
  );
}
