/** Who wants a key: by the host that will get it, which nobody can make up, and only then by what it calls itself. */
import { Badge } from '../../shared/components/badge.tsx';
import { GlobeIcon, LaptopIcon } from '../../shared/components/icons.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import type { Proposal } from './proposal.ts';

export function WhoAsks({ proposal }: { proposal: Proposal }) {
  const { app, headless } = proposal;
  const Icon = app.is_local || app.host === null ? LaptopIcon : GlobeIcon;
  return (
    <div className="flex items-start gap-3 rounded-lg border border-border bg-canvas p-3.5">
      <span className={`${app.host === null ? 'mt-0.5' : 'mt-1'} text-muted`}>
        <Icon />
      </span>
      <div className="grid min-w-0 gap-1">
        {app.host === null ? (
          <p className="font-semibold">
            <Untrusted>{app.client_name ?? (headless ? 'An app that shows no address' : app.name)}</Untrusted>
          </p>
        ) : (
          <p className="font-mono text-base font-semibold">
            <Untrusted>{app.host}</Untrusted>
          </p>
        )}
        {app.host !== null && app.client_name !== null && (
          <p className="text-muted">
            Registered on this gateway as “<Untrusted>{app.client_name}</Untrusted>”
          </p>
        )}
        {app.host === null && app.client_name !== null && (
          <p className="text-muted">Registered on this gateway</p>
        )}
        {app.is_local && (
          <p>
            <Badge tone="accent">On this device</Badge>
          </p>
        )}
        {headless && (
          <p className="text-muted">
            You will get a code to copy. Give it to nobody but the app in which you started this.
          </p>
        )}
      </div>
    </div>
  );
}

export function WhatItMay({ account }: { account: Proposal['account'] }) {
  return (
    <ul className="grid list-disc gap-1 pl-5 text-muted">
      <li>
        It gets a key of its own to use models, charged to <Untrusted>{account.name}</Untrusted>.
      </li>
      <li>It sees neither your password nor your other keys.</li>
      <li>You can revoke it at any time on your keys page.</li>
    </ul>
  );
}
