/** Everything that is known of one request. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { CopyButton } from '../../shared/components/copy-button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { Facts } from '../../shared/components/facts.tsx';
import { Meter } from '../../shared/components/meter.tsx';
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { ExternalLink } from '../../shared/components/text-link.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatCount, formatDuration } from '../../shared/format/count.ts';
import { formatUsdExactly } from '../../shared/format/money.ts';
import { formatDateTimeSeconds } from '../../shared/format/time.ts';
import { EndingBadge } from './ending-badge.tsx';
import { type Attempt, type Generation, keyNameOf } from './generation.ts';

export function GenerationDialog({ generation, onClose }: { generation: Generation; onClose: () => void }) {
  return (
    <Dialog isOpen isWide title="Request" onClose={onClose}>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <EndingBadge generation={generation} />
        <CopyButton text={generation.id} label="Copy id" />
      </div>
      <Facts facts={outcomeOf(generation)} />
      <Attempts attempts={generation.provider_responses} />
      <Facts facts={originOf(generation)} />
    </Dialog>
  );
}

function outcomeOf(row: Generation) {
  return [
    { label: 'Time', value: <time dateTime={row.created_at}>{formatDateTimeSeconds(row.created_at)}</time> },
    { label: 'Model', value: <Untrusted>{row.model}</Untrusted> },
    { label: 'Provider', value: foreign(row.provider_name) },
    { label: 'Router', value: foreign(row.router) },
    {
      label: 'Cost',
      value: `${formatUsdExactly(row.total_cost)}${row.is_byok ? ', with your own provider key' : ''}`,
    },
    {
      label: 'Charged by the provider',
      value:
        row.is_byok && row.upstream_inference_cost !== null
          ? formatUsdExactly(row.upstream_inference_cost)
          : null,
    },
    {
      label: 'Saved by caching',
      value: row.cache_discount === null ? null : formatUsdExactly(row.cache_discount),
    },
    { label: 'Tokens in', value: tokensOf(row.tokens_prompt, row.native_tokens_cached, 'cached') },
    { label: 'Tokens out', value: tokensOf(row.tokens_completion, row.native_tokens_reasoning, 'reasoning') },
    { label: 'Images in', value: row.num_media_prompt ? formatCount(row.num_media_prompt) : null },
    {
      label: 'Token counts',
      value: row.is_estimated ? 'Estimated, because the provider reported none' : null,
    },
    { label: 'First byte after', value: row.latency === null ? null : formatDuration(row.latency) },
    {
      label: 'Finished after',
      value: row.generation_time === null ? null : formatDuration(row.generation_time),
    },
    { label: 'Finish reason', value: finishReasonOf(row) },
    { label: 'Answer', value: row.streamed ? 'Streamed' : 'In one piece' },
    { label: 'Service tier', value: foreign(row.service_tier) },
  ];
}

function originOf(row: Generation) {
  return [
    {
      label: 'Key',
      value: (
        <Link
          to="/keys/$hash"
          params={{ hash: row.api_key_hash }}
          className="line-clamp-2 text-link underline underline-offset-2 hover:no-underline"
        >
          <Untrusted>{keyNameOf(row)}</Untrusted>
        </Link>
      ),
    },
    { label: 'App', value: foreign(row.app_title) },
    {
      label: 'App address',
      value:
        row.http_referer === null ? null : (
          <ExternalLink href={row.http_referer}>
            <Untrusted>{row.http_referer}</Untrusted>
          </ExternalLink>
        ),
    },
    { label: 'User agent', value: foreign(row.user_agent) },
    { label: 'Session', value: foreign(row.session_id) },
    { label: 'User of the app', value: foreign(row.external_user) },
    { label: 'API', value: row.door === null ? row.api_type : `${row.door} (${row.api_type})` },
    ...Object.entries(row.tags).map(([name, value]) => ({ label: `Tag ${name}`, value: foreign(value) })),
    { label: 'Id', value: <Code>{row.id}</Code> },
    { label: 'Request id', value: <Code>{row.request_id}</Code> },
    {
      label: 'Id at the provider',
      value: row.upstream_id === null ? null : <Code>{<Untrusted>{row.upstream_id}</Untrusted>}</Code>,
    },
  ];
}

const foreign = (text: string | null): ReactNode =>
  text === null || text === '' ? null : <Untrusted>{text}</Untrusted>;

const Code = ({ children }: { children: ReactNode }) => (
  <code className="font-mono text-xs break-all">{children}</code>
);

function tokensOf(count: number, part: number, name: string): string {
  return part > 0 ? `${formatCount(count)}, ${formatCount(part)} of them ${name}` : formatCount(count);
}

function finishReasonOf({ finish_reason: reason, native_finish_reason: native }: Generation): ReactNode {
  if (reason === null) return null;
  if (native === null || native === reason) return <Untrusted>{reason}</Untrusted>;
  return (
    <>
      <Untrusted>{reason}</Untrusted> <span className="text-muted">(the provider says</span>{' '}
      <Untrusted>{native}</Untrusted>
      <span className="text-muted">)</span>
    </>
  );
}

function Attempts({ attempts }: { attempts: readonly Attempt[] }) {
  if (attempts.length === 0) return null;
  const longestMs = Math.max(...attempts.map(({ latency }) => latency));
  return (
    <div className="grid min-w-0 gap-1">
      <h3 className="font-semibold">Attempts</h3>
      <Table caption="Attempts at providers, in order">
        <TableHead>
          <Th>Provider</Th>
          <Th className="max-sm:hidden">Endpoint</Th>
          <Th>Answer</Th>
          <Th isNumeric>First byte</Th>
        </TableHead>
        <TableBody>
          {attempts.map(({ provider_name: provider, endpoint_id: endpoint, status, latency }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the same endpoint may be tried twice, and rows never move
            <tr key={index}>
              <Td>
                <Untrusted>{provider}</Untrusted>
              </Td>
              <Td className="max-sm:hidden">
                <Untrusted>{endpoint}</Untrusted>
              </Td>
              <Td className="whitespace-nowrap">{status === null ? 'None' : `HTTP ${status}`}</Td>
              <Td isNumeric className="min-w-24">
                <div className="grid gap-1.5">
                  {formatDuration(latency)}
                  <Meter size="sm" tone="muted" share={longestMs === 0 ? 0 : latency / longestMs} />
                </div>
              </Td>
            </tr>
          ))}
        </TableBody>
      </Table>
    </div>
  );
}
