/** Everything else about one key. */
import type { PageKey } from '../../../src/keys/answers.ts';
import { Card } from '../../shared/components/card.tsx';
import { Facts } from '../../shared/components/facts.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatDateTime, formatRelative } from '../../shared/format/time.ts';
import { CreatorName } from './creator-name.tsx';

export function KeyFacts({ apiKey }: { apiKey: PageKey }) {
  return (
    <Card title="Details">
      <Facts
        facts={[
          { label: 'Created', value: <Moment iso={apiKey.created_at} /> },
          { label: 'Created by', value: <CreatorName apiKey={apiKey} /> },
          {
            label: 'Made for',
            value: apiKey.made_for === null ? null : <Untrusted>{apiKey.made_for}</Untrusted>,
          },
          {
            label: 'Limit and state',
            value: apiKey.bounded_by_admin ? 'Set by an admin: its creator cannot change them' : null,
          },
          {
            label: 'Last used',
            value: apiKey.last_used_at === null ? 'Never' : <Moment iso={apiKey.last_used_at} />,
          },
          {
            label: 'Expires',
            value: apiKey.expires_at === null ? 'Never' : <Moment iso={apiKey.expires_at} />,
          },
          { label: 'Secret replaced', value: apiKey.rotated_at ? <Moment iso={apiKey.rotated_at} /> : null },
          {
            label: 'To be rotated by',
            value: apiKey.rotate_by ? <Moment iso={apiKey.rotate_by} /> : null,
          },
          {
            label: 'Answers under way when it is revoked',
            value: apiKey.cut_streams_when_revoked ? 'Are cut off' : 'Are still delivered in full',
          },
          { label: 'When money is spent', value: <WhenSpent apiKey={apiKey} /> },
          {
            label: 'For the app’s user',
            value: apiKey.external_user === null ? null : <Untrusted>{apiKey.external_user}</Untrusted>,
          },
          { label: 'Workspace', value: apiKey.workspace_id },
          { label: 'Hash', value: <code className="font-mono text-xs break-all">{apiKey.hash}</code> },
        ]}
      />
    </Card>
  );
}

function WhenSpent({ apiKey: { on_exhaust: said } }: { apiKey: PageKey }) {
  if (said === null) return 'As the gateway is set up';
  if (said.action === 'refuse') return 'Requests are refused';
  return (
    <>
      <Untrusted>{said.model ?? ''}</Untrusted> answers
    </>
  );
}

function Moment({ iso }: { iso: string }) {
  return (
    <time dateTime={iso}>
      {formatDateTime(iso)} <span className="text-muted">({formatRelative(iso)})</span>
    </time>
  );
}
