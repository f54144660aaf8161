/** Requests as a table, newest first; each opens with everything that is known of it. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Meter } from '../../shared/components/meter.tsx';
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatCount, formatDuration } from '../../shared/format/count.ts';
import { formatUsdExactly } from '../../shared/format/money.ts';
import { formatDateTimeSeconds } from '../../shared/format/time.ts';
import { EndingBadge } from './ending-badge.tsx';
import { type Generation, keyNameOf } from './generation.ts';
import { GenerationDialog } from './generation-dialog.tsx';

export function LogsTable({ generations }: { generations: readonly Generation[] }) {
  const [shown, setShown] = useState<Generation | null>(null);
  const largest = {
    cost: Math.max(...generations.map((each) => each.total_cost)),
    time: Math.max(...generations.map((each) => each.generation_time ?? 0)),
  };
  return (
    <>
      <Table caption="Requests">
        <TableHead>
          <Th>Time</Th>
          <Th className="max-sm:hidden">Model</Th>
          <Th className="max-md:hidden">Key and app</Th>
          <Th isNumeric className="max-lg:hidden">
            Tokens
          </Th>
          <Th isNumeric className="max-sm:pr-0">
            Cost
          </Th>
          <Th isNumeric className="max-lg:hidden">
            Took
          </Th>
          <Th className="max-sm:hidden">Status</Th>
        </TableHead>
        <TableBody>
          {generations.map((each) => (
            <GenerationRow key={each.id} generation={each} largest={largest} onOpen={() => setShown(each)} />
          ))}
        </TableBody>
      </Table>
      {shown !== null && <GenerationDialog generation={shown} onClose={() => setShown(null)} />}
    </>
  );
}

function GenerationRow({
  generation,
  largest,
  onOpen,
}: {
  generation: Generation;
  /** What the bars of all rows are drawn against. */
  largest: { cost: number; time: number };
  onOpen: () => void;
}) {
  const { created_at: createdAt, total_cost: cost, generation_time: timeMs } = generation;
  return (
    <tr>
      <Td className="max-sm:w-full">
        <button
          type="button"
          onClick={onOpen}
          aria-haspopup="dialog"
          className="rounded py-1 text-left text-link underline-offset-2 hover:underline sm:whitespace-nowrap"
        >
          <time dateTime={createdAt}>{formatDateTimeSeconds(createdAt)}</time>
        </button>
        <div className="sm:hidden">
          <ModelText generation={generation} />
          <div className="mt-1">
            <EndingBadge generation={generation} />
          </div>
        </div>
      </Td>
      <Td className="min-w-36 max-sm:hidden">
        <ModelText generation={generation} />
      </Td>
      <Td className="min-w-32 max-md:hidden">
        <KeyLink generation={generation} />
        {generation.app_title !== null && (
          <div className="line-clamp-1 text-xs text-muted">
            <Untrusted>{generation.app_title}</Untrusted>
          </div>
        )}
      </Td>
      <Td isNumeric className="max-lg:hidden">
        {formatCount(generation.tokens_prompt)} <span className="text-muted">in</span>
        <br />
        {formatCount(generation.tokens_completion)} <span className="text-muted">out</span>
      </Td>
      <Td isNumeric className="min-w-24 max-sm:pr-0">
        <div className="grid gap-1.5">
          {formatUsdExactly(cost)}
          <Meter size="sm" share={largest.cost === 0 ? 0 : cost / largest.cost} />
        </div>
      </Td>
      <Td isNumeric className="min-w-20 max-lg:hidden">
        {timeMs === null ? (
          <span className="text-muted">–</span>
        ) : (
          <div className="grid gap-1.5">
            {formatDuration(timeMs)}
            <Meter size="sm" tone="muted" share={largest.time === 0 ? 0 : timeMs / largest.time} />
          </div>
        )}
      </Td>
      <Td className="max-sm:hidden">
        <EndingBadge generation={generation} />
      </Td>
    </tr>
  );
}

function ModelText({ generation: { model, provider_name: provider } }: { generation: Generation }) {
  return (
    <>
      <div className="line-clamp-2">
        <Untrusted>{model}</Untrusted>
      </div>
      {provider !== null && (
        <div className="line-clamp-1 text-xs text-muted">
          <Untrusted>{provider}</Untrusted>
        </div>
      )}
    </>
  );
}

/** To the key's own page, which also says so when the key is gone. */
function KeyLink({ generation }: { generation: Generation }) {
  return (
    <Link
      to="/keys/$hash"
      params={{ hash: generation.api_key_hash }}
      className="line-clamp-2 text-link underline-offset-2 hover:underline"
    >
      <Untrusted>{keyNameOf(generation)}</Untrusted>
    </Link>
  );
}
