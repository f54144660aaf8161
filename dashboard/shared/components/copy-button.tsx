/** Copies a text, and says so. */
import { useEffect, useState } from 'react';
import { Button, type ButtonVariant, IconButton } from './button.tsx';
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
  const [outcome, start] = useCopy(text);
  return (
    <>
      <Button
        variant={variant}
        className="shrink-0"
        icon={outcome === 'copied' ? <CheckIcon /> : <CopyIcon />}
        onClick={start}
      >
        {outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'Copy it by hand' : label}
      </Button>
      <CopiedNote outcome={outcome} />
    </>
  );
}

/** A short text in its place, with a small button beside it. `label` says what it is. */
export function CopyableText({ text, label }: { text: string; label: string }) {
  const [outcome, start] = useCopy(text);
  return (
    <span className="flex items-center gap-1">
      <code className="min-w-0 font-mono text-xs break-all select-all">
        <bdi>{text}</bdi>
      </code>
      <IconButton
        label={outcome === 'failed' ? 'Copy it by hand' : `Copy ${label}`}
        className="-my-2.5 shrink-0"
        onClick={start}
      >
        {outcome === 'copied' ? <CheckIcon /> : <CopyIcon />}
      </IconButton>
      <CopiedNote outcome={outcome} />
    </span>
  );
}

type Outcome = 'copied' | 'failed' | null;

function useCopy(text: string): [Outcome, () => void] {
  const [outcome, setOutcome] = useState<Outcome>(null);
  useEffect(() => {
    if (outcome === null) return;
    const timer = setTimeout(() => setOutcome(null), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const start = () => void copy(text).then((copied) => setOutcome(copied ? 'copied' : 'failed'));
  return [outcome, start];
}

function CopiedNote({ outcome }: { outcome: Outcome }) {
  return (
    <span role="status" className="sr-only">
      {outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'Copy it by hand' : ''}
    </span>
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
