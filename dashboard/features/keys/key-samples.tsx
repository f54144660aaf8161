/** How to call this gateway with the key, in code. The key itself is not known here any more. */
import { useQuery } from '@tanstack/react-query';
import { Card } from '../../shared/components/card.tsx';
import { CodeSamples } from '../../shared/components/code-samples.tsx';
import { exampleModelQuery } from './api/find-example-model.ts';

export function KeySamples() {
  const { data: model } = useQuery(exampleModelQuery);
  return (
    <Card
      title="Use it"
      description="Put the key into the variable OPENROUTER_API_KEY: it was shown when it was made, and is not kept here."
    >
      <CodeSamples modelId={model ?? 'author/model'} />
    </Card>
  );
}
