/** A command to copy: scrolls sideways by itself, so that no line of it is broken. */
import { CopyButton } from './copy-button.tsx';

export function CodeBlock({ label, code }: { label: string; code: string }) {
  return (
    <div className="grid w-full min-w-0 grid-cols-1 gap-2 rounded-lg border border-border bg-canvas p-3 text-left text-text sm:grid-cols-[minmax(0,1fr)_auto] sm:items-start">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section aria-label={label} tabIndex={0} className="min-w-0 flex-1 overflow-x-auto py-1">
        <pre className="font-mono text-xs leading-relaxed">{code}</pre>
      </section>
      <div className="flex justify-end">
        <CopyButton text={code} />
      </div>
    </div>
  );
}
