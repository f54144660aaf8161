/** One app in the list: how it is known, where codes for it may go, and what one can do about it. */
import type { App } from '../../../src/oauth/answers.ts';
import { Badge } from '../../shared/components/badge.tsx';
import { Button, IconButton } from '../../shared/components/button.tsx';
import { CopyableText } from '../../shared/components/copy-button.tsx';
import { Facts } from '../../shared/components/facts.tsx';
import { TrashIcon } from '../../shared/components/icons.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { formatDate, formatDateTime, formatRelative } from '../../shared/format/time.ts';

export type AppAction = 'edit' | 'new-secret' | 'delete';

export function AppItem({ app, onAct }: { app: App; onAct: (action: AppAction) => void }) {
  const name = plainName(app.name);
  return (
    <li className="grid gap-3 py-4 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
        <div className="flex min-w-0 flex-1 basis-64 flex-wrap items-center gap-x-2 gap-y-1">
          <h3 className="min-w-0 font-semibold">
            <Untrusted>{app.name}</Untrusted>
          </h3>
          <Badge>{app.is_public ? 'Public' : 'Confidential'}</Badge>
          {app.is_dynamic && <Badge tone="warning">Registered itself</Badge>}
        </div>
        <div className="flex shrink-0 items-center max-sm:-ml-3.5">
          <Button variant="ghost" aria-label={`Edit ${name}`} onClick={() => onAct('edit')}>
            Edit
          </Button>
          {!app.is_public && (
            <Button variant="ghost" aria-label={`New secret for ${name}`} onClick={() => onAct('new-secret')}>
              New secret
            </Button>
          )}
          <IconButton label={`Delete ${name}`} onClick={() => onAct('delete')}>
            <TrashIcon />
          </IconButton>
        </div>
      </div>
      <Facts
        facts={[
          {
            label: 'Client id',
            value: <CopyableText text={app.client_id} label={`client id of ${name}`} />,
          },
          { label: 'Redirect URIs', value: <RedirectUris uris={app.redirect_uris} /> },
          { label: 'Created', value: <Moment iso={app.created_at} text={formatDate(app.created_at)} /> },
          {
            label: 'Last used',
            value:
              app.last_used_at === null ? (
                'Never'
              ) : (
                <Moment iso={app.last_used_at} text={formatRelative(app.last_used_at)} />
              ),
          },
          {
            label: 'Figures',
            value: (
              <TextLink to={`/apps?${new URLSearchParams({ app: `client:${app.client_id}` })}`}>
                What it spends
              </TextLink>
            ),
          },
        ]}
      />
    </li>
  );
}

function RedirectUris({ uris }: { uris: readonly string[] }) {
  return (
    <ul className="grid gap-0.5">
      {[...new Set(uris)].map((uri) => (
        <li key={uri}>
          <code className="font-mono text-xs break-all">
            <bdi>{uri}</bdi>
          </code>
        </li>
      ))}
    </ul>
  );
}

function Moment({ iso, text }: { iso: string; text: string }) {
  return (
    <time dateTime={iso} title={formatDateTime(iso)}>
      {text}
    </time>
  );
}
