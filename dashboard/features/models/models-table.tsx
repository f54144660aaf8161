/** Models as rows: what each takes, costs and holds; two may be put beside each other. */
import { Link } from '@tanstack/react-router';
import { Badge } from '../../shared/components/badge.tsx';
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatPerMillion, formatTokens, type Model, takesTools } from './model.ts';

export function ModelsTable({
  models,
  compared,
  isFull,
  onCompare,
}: {
  models: readonly Model[];
  compared: readonly string[];
  /** No further one can be compared. */
  isFull: boolean;
  onCompare: (id: string, isCompared: boolean) => void;
}) {
  return (
    <Table caption="Models">
      <TableHead>
        <Th className="w-8 max-sm:hidden">
          <span className="sr-only">Compare</span>
        </Th>
        <Th className="max-sm:pl-0">Model</Th>
        <Th className="max-lg:hidden">Takes</Th>
        <Th isNumeric className="max-sm:hidden">
          Context
        </Th>
        <Th isNumeric>Input</Th>
        <Th isNumeric>Output</Th>
      </TableHead>
      <TableBody>
        {models.map((model) => (
          <tr key={model.id}>
            <Td className="max-sm:hidden">
              <input
                type="checkbox"
                className="size-4 accent-accent align-middle"
                aria-label={`Compare ${model.name}`}
                checked={compared.includes(model.id)}
                disabled={isFull && !compared.includes(model.id)}
                onChange={(event) => onCompare(model.id, event.target.checked)}
              />
            </Td>
            <Td className="w-full max-sm:pl-0">
              <ModelLink model={model} />
              <div className="text-xs wrap-anywhere text-muted">
                <Untrusted>{model.id}</Untrusted>
              </div>
            </Td>
            <Td className="max-lg:hidden">
              <div className="flex gap-1">
                {model.architecture.input_modalities
                  .filter((kind) => kind !== 'text')
                  .map((kind) => (
                    <Badge key={kind}>{kind}</Badge>
                  ))}
                {takesTools(model) && <Badge>tools</Badge>}
              </div>
            </Td>
            <Td isNumeric className="max-sm:hidden">
              {formatTokens(model.context_length)}
            </Td>
            <Td isNumeric>{formatPerMillion(model.pricing['prompt'])}</Td>
            <Td isNumeric>{formatPerMillion(model.pricing['completion'])}</Td>
          </tr>
        ))}
      </TableBody>
    </Table>
  );
}

/** A name that moves leads to what it means today. */
export function ModelLink({ model }: { model: Model }) {
  const [author = '', ...slug] = (model.alias_target?.slug ?? model.id).split('/');
  return (
    <Link
      to={'/models/$author/$slug' as '/'}
      params={{ author, slug: slug.join('/') } as never}
      className="text-link underline-offset-2 hover:underline"
    >
      <Untrusted>{model.name}</Untrusted>
    </Link>
  );
}
