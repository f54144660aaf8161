/** A word in passing that something was done; read out, and gone after a while. */
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';
import { IconButton } from './button.tsx';
import { CheckCircleIcon, CloseIcon } from './icons.tsx';

const SHOWN_FOR_MS = 6000;

type ShowToast = (text: string) => void;
const ToastContext = createContext<ShowToast>(() => {});

export const useToast = (): ShowToast => useContext(ToastContext);

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly { id: number; text: string }[]>([]);
  const nextId = useRef(0);
  const remove = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const show = useCallback<ShowToast>(
    (text) => {
      nextId.current += 1;
      const id = nextId.current;
      setToasts((all) => [...all, { id, text }]);
      setTimeout(() => remove(id), SHOWN_FOR_MS);
    },
    [remove],
  );
  return (
    <ToastContext value={useMemo(() => show, [show])}>
      {children}
      <div
        role="status"
        className="pointer-events-none fixed inset-x-4 bottom-4 z-50 grid justify-items-center gap-2 sm:left-auto sm:justify-items-end"
      >
        {toasts.map(({ id, text }) => (
          <div
            key={id}
            className="pointer-events-auto flex max-w-sm items-center gap-2 rounded-lg border border-border bg-surface py-1.5 pr-1.5 pl-3 shadow-floating"
          >
            <span className="text-success-text">
              <CheckCircleIcon />
            </span>
            <span className="min-w-0 flex-1">{text}</span>
            <IconButton label="Dismiss" onClick={() => remove(id)}>
              <CloseIcon />
            </IconButton>
          </div>
        ))}
      </div>
    </ToastContext>
  );
}
