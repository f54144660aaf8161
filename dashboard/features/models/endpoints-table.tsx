/** Who offers a model, side by side: price, size, and how they did here lately. */
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatDuration } from '../../shared/format/count.ts';
import { type Endpoint, formatPerMillion, formatTokens } from './model.ts';

const percent = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

export function EndpointsTable({ endpoints }: { endpoints: readonly Endpoint[] }) {
  if (endpoints.length === 0)
    return (
      <EmptyState title="Nobody offers it now">
        <p>No provider of this model is switched on.</p>
      </EmptyState>
    );
  return (
    <Table caption="Offers">
      <TableHead>
        <Th>Provider</Th>
        <Th isNumeric>Input</Th>
        <Th isNumeric>Output</Th>
        <Th isNumeric className="max-md:hidden">
          Context
        </Th>
        <Th isNumeric>First token</Th>
        <Th isNumeric className="max-md:hidden">
          Tokens a second
        </Th>
        <Th isNumeric>Uptime</Th>
      </TableHead>
      <TableBody>
        {endpoints.map((endpoint) => (
          <tr key={endpoint.tag}>
            <Td className="min-w-32">
              <Untrusted>{endpoint.provider_name}</Untrusted>
              <div className="text-xs text-muted">
                <Untrusted>
                  {endpoint.quantization === null
                    ? endpoint.tag
                    : `${endpoint.tag} · ${endpoint.quantization}`}
                </Untrusted>
              </div>
            </Td>
            <Td isNumeric>{formatPerMillion(endpoint.pricing['prompt'])}</Td>
            <Td isNumeric>{formatPerMillion(endpoint.pricing['completion'])}</Td>
            <Td isNumeric className="max-md:hidden">
              {formatTokens(endpoint.context_length)}
            </Td>
            <Td isNumeric>
              <Measured
                value={endpoint.latency_last_30m?.p50}
                show={(ms) => formatDuration(Math.round(ms))}
              />
            </Td>
            <Td isNumeric className="max-md:hidden">
              <Measured value={endpoint.throughput_last_30m?.p50} show={(rate) => percent.format(rate)} />
            </Td>
            <Td isNumeric>
              <Measured
                value={endpoint.uptime_last_30m ?? endpoint.uptime_last_1d}
                show={(share) => `${percent.format(share)} %`}
              />
            </Td>
          </tr>
        ))}
      </TableBody>
    </Table>
  );
}

function Measured({ value, show }: { value: number | null | undefined; show: (value: number) => string }) {
  if (value === null || value === undefined)
    return (
      <span className="text-muted" title="Nothing was asked of it yet">
        –
      </span>
    );
  return <>{show(value)}</>;
}
