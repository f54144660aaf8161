/** Up to four models beside each other, line by line. */
import type { ReactNode } from 'react';
import { Button, IconButton } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { CloseIcon } from '../../shared/components/icons.tsx';
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatPerMillion, formatTokens, type Model, takesTools } from './model.ts';

const LINES: readonly { readonly label: string; readonly of: (model: Model) => ReactNode }[] = [
  { label: 'Input per million', of: ({ pricing }) => formatPerMillion(pricing['prompt']) },
  { label: 'Cached input per million', of: ({ pricing }) => formatPerMillion(pricing['input_cache_read']) },
  { label: 'Output per million', of: ({ pricing }) => formatPerMillion(pricing['completion']) },
  { label: 'Context', of: ({ context_length: tokens }) => formatTokens(tokens) },
  { label: 'Longest answer', of: ({ top_provider: top }) => formatTokens(top.max_completion_tokens) },
  { label: 'Takes', of: ({ architecture }) => architecture.input_modalities.join(', ') },
  { label: 'Gives', of: ({ architecture }) => architecture.output_modalities.join(', ') },
  { label: 'Tools', of: (model) => (takesTools(model) ? 'Yes' : 'No') },
];

export function CompareCard({
  models,
  onRemove,
  onClear,
}: {
  models: readonly Model[];
  onRemove: (id: string) => void;
  onClear: () => void;
}) {
  return (
    <Card
      title="Compared"
      actions={
        <Button variant="ghost" onClick={onClear}>
          Clear
        </Button>
      }
    >
      <Table caption="Compared models">
        <TableHead>
          <Th>
            <span className="sr-only">Fact</span>
          </Th>
          {models.map((model) => (
            <Th key={model.id} className="min-w-32 whitespace-normal">
              <span className="inline-flex items-center gap-1">
                <Untrusted>{model.name}</Untrusted>
                <IconButton label={`Remove ${model.name}`} onClick={() => onRemove(model.id)}>
                  <CloseIcon />
                </IconButton>
              </span>
            </Th>
          ))}
        </TableHead>
        <TableBody>
          {LINES.map(({ label, of }) => (
            <tr key={label}>
              <th scope="row" className="min-w-24 py-2.5 pr-3 text-left font-normal text-muted">
                {label}
              </th>
              {models.map((model) => (
                <Td key={model.id} className="tabular-nums">
                  {of(model)}
                </Td>
              ))}
            </tr>
          ))}
        </TableBody>
      </Table>
    </Card>
  );
}
