/** What a request was, as names and values. Texts of callers and providers are texts. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { PageGeneration } from '../../../src/metering/answers.ts';
import type { Fact } from '../../shared/components/facts.tsx';
import { ExternalLink, TextLink } from '../../shared/components/text-link.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatCount, formatDuration } from '../../shared/format/count.ts';
import { formatUsdExactly } from '../../shared/format/money.ts';
import { formatDateTimeSeconds } from '../../shared/format/time.ts';
import { keyNameOf } from '../../shared/requests/generation.ts';

export function outcomeOf(row: PageGeneration): readonly Fact[] {
  return [
    { label: 'Time', value: <time dateTime={row.created_at}>{formatDateTimeSeconds(row.created_at)}</time> },
    { label: 'Provider', value: foreign(row.provider_name) },
    {
      label: 'Cost',
      value: `${formatUsdExactly(row.total_cost)}${row.is_byok ? ', with your own provider key' : ''}`,
    },
    { label: 'First byte after', value: row.latency === null ? null : formatDuration(row.latency) },
    {
      label: 'Finished after',
      value: row.generation_time === null ? null : formatDuration(row.generation_time),
    },
    { label: 'Tokens a second', value: speedOf(row) },
    { label: 'Finish reason', value: finishReasonOf(row) },
    { label: 'Answer', value: row.streamed ? 'Streamed' : 'In one piece' },
    { label: 'Router', value: foreign(row.router) },
    { label: 'Service tier', value: foreign(row.service_tier) },
  ];
}

export function tokensOf(row: PageGeneration): readonly Fact[] {
  return [
    { label: 'In', value: partly(row.tokens_prompt, row.native_tokens_cached, 'read from a cache') },
    { label: 'Out', value: partly(row.tokens_completion, row.native_tokens_reasoning, 'of reasoning') },
    { label: 'Images in', value: row.num_media_prompt ? formatCount(row.num_media_prompt) : null },
    {
      label: 'Counted by',
      value: row.is_estimated ? 'The gateway: an estimate, because the provider reported none' : null,
    },
  ];
}

export function originOf(row: PageGeneration): readonly Fact[] {
  return [
    {
      label: 'Key',
      value: (
        <Link
          to="/keys/$hash"
          params={{ hash: row.api_key_hash }}
          preload={false}
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
    {
      label: 'Session',
      value: row.session_id === null || row.session_id === '' ? null : <SessionLink id={row.session_id} />,
    },
    { label: 'Agent', value: foreign(row.agent_id) },
    { label: 'For the agent', value: foreign(row.parent_agent_id) },
    { label: 'Kind of agent', value: foreign(row.agent_class) },
    { label: 'User of the app', value: foreign(row.external_user) },
    { label: 'API', value: row.api_type },
    { label: 'Id', value: <Code>{row.id}</Code> },
    { label: 'Request id', value: <Code>{row.request_id}</Code> },
    {
      label: 'Id at the provider',
      value: row.upstream_id === null ? null : <Code>{<Untrusted>{row.upstream_id}</Untrusted>}</Code>,
    },
  ];
}

/** Longer ones are no filter. */
const MAX_SESSION_CHARACTERS = 512;

function SessionLink({ id }: { id: string }) {
  const text = <Untrusted>{id}</Untrusted>;
  if (id.length > MAX_SESSION_CHARACTERS) return text;
  return <TextLink to={`/logs?${new URLSearchParams({ session_id: id, period: '1y' })}`}>{text}</TextLink>;
}

const foreign = (text: string | null | undefined): ReactNode =>
  text === null || text === undefined || text === '' ? null : <Untrusted>{text}</Untrusted>;

const Code = ({ children }: { children: ReactNode }) => (
  <code className="font-mono text-xs break-all">{children}</code>
);

function partly(count: number, part: number, name: string): string {
  return part > 0 ? `${formatCount(count)}, ${formatCount(part)} of them ${name}` : formatCount(count);
}

const rate = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });

function speedOf({ tokens_completion: tokens, generation_time: timeMs, is_estimated }: PageGeneration) {
  return timeMs === null || timeMs <= 0 || tokens === 0 || is_estimated
    ? null
    : rate.format((tokens * 1000) / timeMs);
}

function finishReasonOf({ finish_reason: reason, native_finish_reason: native }: PageGeneration): ReactNode {
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
