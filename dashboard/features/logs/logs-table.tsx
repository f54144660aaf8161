/** Requests as a table, newest first, of which as much is drawn as is seen; each has an address of its own. */
import { Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import type { PageGeneration } from '../../../src/metering/answers.ts';
import { Badge } from '../../shared/components/badge.tsx';
import { TableHead, Th } from '../../shared/components/table.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatCount, formatDuration } from '../../shared/format/count.ts';
import { formatUsdExactly } from '../../shared/format/money.ts';
import { formatDateTimeSeconds } from '../../shared/format/time.ts';
import { endingOf, keyNameOf } from '../../shared/requests/generation.ts';
import { useWindow } from './use-window.ts';

const CELL = 'px-3 py-0 align-middle first:pl-0 last:pr-0';
const NUMBER = `${CELL} text-right tabular-nums whitespace-nowrap`;

export function LogsTable({
  generations,
  onNearEnd,
}: {
  generations: readonly PageGeneration[];
  /** The last ones are in sight. */
  onNearEnd: () => void;
}) {
  const { ref, from, to, beforePx, behindPx } = useWindow(generations.length);
  const isNearEnd = to >= generations.length;
  useEffect(() => {
    if (isNearEnd) onNearEnd();
  }, [isNearEnd, onNearEnd]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="relative overflow-x-auto rounded-lg" tabIndex={0} aria-label="Requests">
      <table className="w-full table-fixed border-collapse text-left" aria-rowcount={generations.length + 1}>
        <caption className="sr-only">Requests</caption>
        <TableHead>
          <Th className="w-41 max-sm:w-auto">Time</Th>
          <Th className="max-sm:hidden">Model</Th>
          <Th className="w-36 max-md:hidden">Key</Th>
          <Th isNumeric className="w-30 max-lg:hidden">
            Tokens in, out
          </Th>
          <Th isNumeric className="w-28">
            Cost
          </Th>
          <Th isNumeric className="w-24 max-lg:hidden">
            Took
          </Th>
          <Th className="w-32 max-sm:hidden">Status</Th>
        </TableHead>
        <tbody ref={ref} className="divide-y divide-border">
          {beforePx > 0 && <Gap px={beforePx} />}
          {generations.slice(from, to).map((generation, at) => (
            <Row key={generation.id} generation={generation} index={from + at} />
          ))}
          {behindPx > 0 && <Gap px={behindPx} />}
        </tbody>
      </table>
    </section>
  );
}

/** As high as the rows that are not drawn. */
function Gap({ px }: { px: number }) {
  return (
    <tr>
      <td className="p-0" style={{ height: px }} />
    </tr>
  );
}

function Row({ generation, index }: { generation: PageGeneration; index: number }) {
  const { id, created_at: createdAt, model, provider_name: provider, app_title: app } = generation;
  const ending = endingOf(generation);
  return (
    <tr data-row aria-rowindex={index + 2} className="h-10 max-sm:h-18">
      <td className={CELL}>
        <Link
          to="/logs"
          search={((all: object) => ({ ...all, id })) as never}
          resetScroll={false}
          preload={false}
          className="block truncate rounded py-1 text-link underline-offset-2 hover:underline"
        >
          <time dateTime={createdAt}>{formatDateTimeSeconds(createdAt)}</time>
        </Link>
        <div className="flex items-center gap-2 sm:hidden">
          <span className="min-w-0 truncate">
            <Untrusted>{model}</Untrusted>
          </span>
          <span className="shrink-0">
            <Badge tone={ending.tone}>{ending.word}</Badge>
          </span>
        </div>
      </td>
      <td className={`${CELL} max-sm:hidden`}>
        <div className="truncate">
          <Untrusted>{model}</Untrusted>
          {provider !== null && (
            <span className="text-xs text-muted">
              {' '}
              · <Untrusted>{provider}</Untrusted>
            </span>
          )}
        </div>
      </td>
      <td className={`${CELL} max-md:hidden`}>
        <div className="truncate">
          <Link
            to="/keys/$hash"
            params={{ hash: generation.api_key_hash }}
            preload={false}
            className="text-link underline-offset-2 hover:underline"
          >
            <Untrusted>{keyNameOf(generation)}</Untrusted>
          </Link>
          {app !== null && (
            <span className="text-xs text-muted">
              {' '}
              · <Untrusted>{app}</Untrusted>
            </span>
          )}
        </div>
      </td>
      <td className={`${NUMBER} max-lg:hidden`}>
        {generation.is_estimated && (
          <span title="Estimated">
            <span aria-hidden="true">≈ </span>
            <span className="sr-only">Estimated: </span>
          </span>
        )}
        {formatCount(generation.tokens_prompt)}
        <span className="text-muted">, </span>
        {formatCount(generation.tokens_completion)}
      </td>
      <td className={NUMBER}>{formatUsdExactly(generation.total_cost)}</td>
      <td className={`${NUMBER} max-lg:hidden`}>
        {generation.generation_time === null ? (
          <span className="text-muted">–</span>
        ) : (
          formatDuration(generation.generation_time)
        )}
      </td>
      <td className={`${CELL} whitespace-nowrap max-sm:hidden`}>
        <Badge tone={ending.tone}>{ending.word}</Badge>
      </td>
    </tr>
  );
}
