/** Where the next message is written: Enter sends, Shift and Enter begin a line, pictures are pasted, dropped or chosen. */
import { type ClipboardEvent, type KeyboardEvent, useId, useRef, useState } from 'react';
import { Alert } from '../../shared/components/alert.tsx';
import { Button, IconButton } from '../../shared/components/button.tsx';
import { CONTROL_CLASS } from '../../shared/components/field.tsx';
import { CloseIcon } from '../../shared/components/icons.tsx';

const PICTURE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];
const MAX_PICTURES = 8;
const MAX_PICTURE_BYTES = 5_000_000;

export function Composer({
  draft,
  onDraft,
  onSend,
  onStop,
  isRunning,
  cannotSend,
  takesPictures,
}: {
  draft: string;
  onDraft: (text: string) => void;
  onSend: (text: string, pictures: readonly string[]) => void;
  onStop: () => void;
  isRunning: boolean;
  /** Why nothing can be asked; null: it can. */
  cannotSend: string | null;
  takesPictures: boolean;
}) {
  const [pictures, setPictures] = useState<readonly string[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const chooser = useRef<HTMLInputElement>(null);
  const id = useId();

  const add = async (files: readonly File[]) => {
    const fine = files.filter(({ type, size }) => PICTURE_TYPES.includes(type) && size <= MAX_PICTURE_BYTES);
    const isOver = pictures.length + fine.length > MAX_PICTURES;
    setProblem(
      fine.length < files.length || isOver
        ? `Pictures are PNG, JPEG, WebP or GIF, of at most 5 MB each, and ${MAX_PICTURES} at most.`
        : null,
    );
    const read = await Promise.all(fine.map(dataUrlOf));
    setPictures((all) => [...new Set([...all, ...read])].slice(0, MAX_PICTURES));
  };
  const send = () => {
    if (isRunning || cannotSend !== null || (draft.trim() === '' && pictures.length === 0)) return;
    onSend(draft, pictures);
    onDraft('');
    setPictures([]);
    setProblem(null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    send();
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = [...event.clipboardData.files];
    // What comes from a word processor is a text first, with a picture of itself beside it.
    if (files.length === 0 || event.clipboardData.types.includes('text/plain')) return;
    event.preventDefault();
    void add(files);
  };
  return (
    <form
      aria-label="Message"
      className="sticky bottom-0 z-10 -mx-4 grid gap-2 border-t border-border bg-canvas px-4 py-3 sm:mx-0 sm:px-0"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        if (event.dataTransfer.files.length === 0) return;
        event.preventDefault();
        void add([...event.dataTransfer.files]);
      }}
    >
      {problem !== null && <Alert tone="warning">{problem}</Alert>}
      {pictures.length > 0 && !takesPictures && (
        <Alert tone="warning">Not every chosen model takes pictures: those that do not will refuse.</Alert>
      )}
      {pictures.length > 0 && (
        <ul aria-label="Pictures" className="flex flex-wrap gap-2">
          {pictures.map((url, at) => (
            <li key={url} className="flex items-start">
              <img
                src={url}
                alt={`Attachment ${at + 1}`}
                className="h-16 max-w-32 rounded-md object-contain"
              />
              <IconButton
                label={`Remove picture ${at + 1}`}
                onClick={() => setPictures((all) => all.filter((_, other) => other !== at))}
              >
                <CloseIcon />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
      <label htmlFor={id} className="sr-only">
        Your message
      </label>
      <textarea
        id={id}
        rows={3}
        value={draft}
        placeholder="Ask something"
        aria-describedby={`${id}-hint`}
        className={`${CONTROL_CLASS} max-h-60 resize-y`}
        onChange={(event) => onDraft(event.target.value)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
      />
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p id={`${id}-hint`} className="text-muted max-sm:hidden">
          {cannotSend ?? 'Enter sends, Shift and Enter begin a new line.'}
        </p>
        <div className="flex gap-2 max-sm:w-full max-sm:justify-end">
          <input
            ref={chooser}
            type="file"
            hidden
            multiple
            accept={PICTURE_TYPES.join(',')}
            aria-label="Pictures to send"
            onChange={(event) => {
              void add([...(event.target.files ?? [])]);
              event.target.value = '';
            }}
          />
          <Button variant="secondary" onClick={() => chooser.current?.click()}>
            Add picture
          </Button>
          {isRunning ? (
            <Button onClick={onStop}>Stop</Button>
          ) : (
            <Button type="submit" disabled={cannotSend !== null}>
              Send
            </Button>
          )}
        </div>
      </div>
    </form>
  );
}

/**
 * Whether this Enter chooses what an input method has made of the keys before it. Safari says only by the code 229 that it does
 * (https://bugs.webkit.org/show_bug.cgi?id=165004).
 */
function isComposing({ nativeEvent }: KeyboardEvent): boolean {
  return nativeEvent.isComposing || nativeEvent.keyCode === 229;
}

function dataUrlOf(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
