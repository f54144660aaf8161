/** How a model is called through this gateway, in the languages that people ask for. */
import { Tabs } from 'radix-ui';
import { CodeBlock } from './code-block.tsx';
import { snippetsOf } from './snippets.ts';

export function CodeSamples({ modelId }: { modelId: string }) {
  const snippets = snippetsOf(modelId, location.origin);
  return (
    <Tabs.Root defaultValue="curl" className="grid gap-3">
      <Tabs.List aria-label="For" className="flex gap-1 overflow-x-auto border-b border-border">
        {snippets.map(({ id, label }) => (
          <Tabs.Trigger
            key={id}
            value={id}
            className="-mb-px border-b-2 border-transparent px-3 py-2 font-medium whitespace-nowrap text-muted data-[state=active]:border-accent data-[state=active]:text-text"
          >
            {label}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {snippets.map(({ id, label, code }) => (
        <Tabs.Content key={id} value={id}>
          <CodeBlock label={label} code={code} />
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}
