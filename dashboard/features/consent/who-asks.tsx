/** Who wants a key: by the host that will get it, which nobody can make up, and only then by what it calls itself. */
import { Badge } from '../../shared/components/badge.tsx';
import { GlobeIcon, LaptopIcon } from '../../shared/components/icons.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { isOfEditor, type Proposal } from './proposal.ts';

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
            <Untrusted>{nameOf(proposal)}</Untrusted>
          </p>
        ) : (
          <p className="font-mono text-base font-semibold">
            <Untrusted>{app.host}</Untrusted>
          </p>
        )}
        <WhoRegistered app={app} />
        {app.is_local && (
          <p>
            <Badge tone="accent">
              {isOfEditor(proposal) ? 'In an editor on this device' : 'On this device'}
            </Badge>
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

/** Without an address there is only the name, which says nothing unless somebody here gave it. */
function nameOf({ app, headless }: Proposal): string {
  if (app.is_dynamic) return 'An app that registered itself';
  return app.client_name ?? (headless ? 'An app that shows no address' : app.name);
}

function WhoRegistered({ app }: Pick<Proposal, 'app'>) {
  if (app.client_name === null) return null;
  const name = (
    <>
      “<Untrusted>{app.client_name}</Untrusted>”
    </>
  );
  if (app.is_dynamic) {
    return (
      <p className="text-warning-text">
        It calls itself {name}. {app.host !== null && 'It registered itself, and '}
        {app.host === null ? 'Nobody' : 'nobody'} here has checked that name.
      </p>
    );
  }
  return (
    <p className="text-muted">
      {app.host === null ? 'Registered on this gateway' : <>Registered on this gateway as {name}</>}
    </p>
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
