/** Copies a text, and says so. */
import { useEffect, useState } from 'react';
import { Button, type ButtonVariant } from './button.tsx';
import { CheckIcon, CopyIcon } from './icons.tsx';

const SAID_FOR_MS = 2500;

export function CopyButton({
  text,
  label = 'Copy',
  variant = 'secondary',
}: {
  text: string;
  label?: string;
  variant?: ButtonVariant;
}) {
  const [outcome, setOutcome] = useState<'copied' | 'failed' | null>(null);
  useEffect(() => {
    if (outcome === null) return;
    const timer = setTimeout(() => setOutcome(null), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  return (
    <>
      <Button
        variant={variant}
        className="shrink-0"
        icon={outcome === 'copied' ? <CheckIcon /> : <CopyIcon />}
        onClick={() => {
          void copy(text).then((copied) => setOutcome(copied ? 'copied' : 'failed'));
        }}
      >
        {outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'Copy it by hand' : label}
      </Button>
      <span role="status" className="sr-only">
        {outcome === 'copied' ? 'Copied' : ''}
      </span>
    </>
  );
}

/** Browsers have a clipboard on HTTPS and localhost only; a gateway in a private network may have neither. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.readOnly = true;
    (document.querySelector('dialog[open]') ?? document.body).append(area);
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    return copied;
  }
}
