/** How a model is called through this gateway, in the languages that people ask for. */
import { CodeTabs } from './code-tabs.tsx';
import { snippetsOf } from './snippets.ts';

export const CodeSamples = ({ modelId }: { modelId: string }) => (
  <CodeTabs programs={snippetsOf(modelId, location.origin)} />
);
