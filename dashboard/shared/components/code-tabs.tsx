/** The same program in several languages, one at a time. */
import { Tabs } from 'radix-ui';
import { CodeBlock } from './code-block.tsx';

export interface Program {
  readonly id: string;
  readonly label: string;
  readonly code: string;
}

/** The first one is shown first. */
export function CodeTabs({ programs }: { programs: readonly Program[] }) {
  return (
    <Tabs.Root defaultValue={programs[0]?.id ?? ''} className="grid min-w-0 grid-cols-1 gap-3">
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
  );
}
