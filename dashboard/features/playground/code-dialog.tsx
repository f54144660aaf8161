/** The next request, or one that was made, as a program would make it. */
import { Tabs } from 'radix-ui';
import { CodeBlock } from '../../shared/components/code-block.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { programsOf } from './code.ts';
import type { JsonObject } from './conversation.ts';

export function CodeDialog({ body, onClose }: { body: JsonObject; onClose: () => void }) {
  const programs = programsOf(body, location.origin);
  return (
    <Dialog isOpen isWide title="View code" onClose={onClose}>
      <p className="text-muted">
        The same request from a program of yours. It needs a key’s secret in <code>OPENROUTER_API_KEY</code>.
      </p>
      <Tabs.Root defaultValue="curl" className="grid min-w-0 grid-cols-1 gap-3">
        <Tabs.List aria-label="For" className="flex gap-1 overflow-x-auto border-b border-border">
          {programs.map(({ id, label }) => (
            <Tabs.Trigger
              key={id}
              value={id}
              className="control-height -mb-px border-b-2 border-transparent px-3 py-2 font-medium whitespace-nowrap text-muted data-[state=active]:border-accent data-[state=active]:text-text"
            >
              {label}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        {programs.map(({ id, label, code }) => (
          <Tabs.Content key={id} value={id} className="min-w-0">
            <CodeBlock label={label} code={code} />
          </Tabs.Content>
        ))}
      </Tabs.Root>
    </Dialog>
  );
}
