/**
 * A question over the page. The browser's own `<dialog>`: it keeps the focus inside, makes the page behind inert and closes on
 * Escape by itself. Radix' dialog would inject a style element to stop scrolling, which our policy forbids.
 */
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { Button, IconButton } from './button.tsx';
import { CloseIcon } from './icons.tsx';

export interface DialogProps {
  isOpen: boolean;
  /** Escape, the cross, or a press beside it. Leave out what must be answered. */
  onClose?: () => void;
  title: ReactNode;
  /** For more than a question. */
  isWide?: boolean;
  /** Along the right edge, as high as the window: for looking at one thing of a list after the other. */
  isSheet?: boolean;
  children: ReactNode;
  /** Buttons, the main one last. */
  footer?: ReactNode;
}

const BOX = 'm-auto max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] rounded-xl';
const SHEET = 'my-0 mr-0 ml-auto h-dvh max-h-dvh w-full';

/** Mounts its content only while it is open, so that a form starts anew each time. */
export function Dialog({ isOpen, ...rest }: DialogProps) {
  return isOpen ? <OpenDialog {...rest} /> : null;
}

function OpenDialog({
  onClose,
  title,
  isWide = false,
  isSheet = false,
  children,
  footer,
}: Omit<DialogProps, 'isOpen'>) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    dialog?.showModal();
    // The browser would take the cross, which comes first.
    dialog?.querySelector<HTMLElement>('form :is(input, select, textarea)')?.focus();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the keyboard's way, through onCancel
    <dialog
      ref={ref}
      aria-labelledby={titleId}
      className={`flex-col overflow-hidden open:flex border border-border bg-surface p-0 text-text shadow-floating ${isSheet ? SHEET : BOX} ${isWide ? 'max-w-3xl' : isSheet ? 'max-w-2xl' : 'max-w-lg'}`}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      // Browsers let a second Escape through, whatever the page says to the first.
      onClose={({ currentTarget }) => {
        if (onClose !== undefined) onClose();
        else if (currentTarget.isConnected) currentTarget.showModal();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose?.();
      }}
    >
      <div className="grid min-h-0 scroll-pb-36 grid-cols-1 gap-4 overflow-y-auto p-5">
        <div className="flex items-start justify-between gap-4">
          <h2 id={titleId} className="min-w-0 pt-1 text-lg font-semibold leading-tight">
            {title}
          </h2>
          {onClose !== undefined && (
            <IconButton label="Close" onClick={onClose} className="-mr-2 -mt-1">
              <CloseIcon />
            </IconButton>
          )}
        </div>
        {children}
        {footer !== undefined && <DialogFooter>{footer}</DialogFooter>}
      </div>
    </dialog>
  );
}

/** Buttons, the main one last. They stay in sight while what is above them scrolls. Inside a form where that is not all there is. */
export function DialogFooter({ children }: { children: ReactNode }) {
  return (
    <div className="sticky bottom-0 -mx-5 -mb-5 flex flex-col-reverse gap-2 border-t border-border bg-surface px-5 py-4 sm:flex-row sm:justify-end">
      {children}
    </div>
  );
}

/** Asks once more, as a rule before something that cannot be taken back. */
export function ConfirmDialog({
  confirmLabel,
  isBusy = false,
  isHarmless = false,
  onConfirm,
  onClose,
  children,
  ...rest
}: Omit<DialogProps, 'footer'> & {
  onClose: () => void;
  confirmLabel: string;
  isBusy?: boolean;
  /** Whether it can be taken back. */
  isHarmless?: boolean;
  onConfirm: () => void;
}) {
  return (
    <Dialog
      {...rest}
      onClose={onClose}
      footer={
        <>
          <Button variant="secondary" onClick={onClose}>
            Cancel
          </Button>
          <Button variant={isHarmless ? 'primary' : 'danger'} isBusy={isBusy} onClick={onConfirm}>
            {confirmLabel}
          </Button>
        </>
      }
    >
      {children}
    </Dialog>
  );
}
