/** How a key is used, as a command that works here. */
import { useQuery } from '@tanstack/react-query';
import { CodeBlock } from '../../shared/components/code-block.tsx';
import { exampleModelQuery } from './api/find-example-model.ts';

export function FirstCall() {
  const { data: model } = useQuery(exampleModelQuery);
  const body = JSON.stringify({
    model: model ?? 'author/model',
    messages: [{ role: 'user', content: 'Hello!' }],
  });
  // A model's name is the operator's text, and could hold what ends a quoted argument.
  const argument = body.replaceAll("'", `'\\''`);
  const lines = [
    `curl ${location.origin}/api/v1/chat/completions`,
    `  -H "Authorization: Bearer $OPENROUTER_API_KEY"`,
    `  -H "Content-Type: application/json"`,
    `  -d '${argument}'`,
  ];
  return <CodeBlock label="Example request" code={lines.join(' \\\n')} />;
}
