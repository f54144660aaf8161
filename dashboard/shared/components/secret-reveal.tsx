/** A secret that is shown this once: the text itself, whole, with a button to copy it. */
import { CopyButton } from './copy-button.tsx';

export function SecretReveal({ label, secret }: { label: string; secret: string }) {
  return (
    <div className="flex flex-col gap-2 rounded-lg border border-border bg-canvas p-3 sm:flex-row sm:items-center">
      {/* biome-ignore lint/a11y/useSemanticElements: a group of a text and its button, no fieldset */}
      <code role="group" aria-label={label} className="min-w-0 flex-1 break-all font-mono select-all">
        {secret}
      </code>
      <CopyButton text={secret} variant="primary" />
    </div>
  );
}
