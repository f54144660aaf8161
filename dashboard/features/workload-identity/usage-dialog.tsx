/** How a workload uses a policy, as commands to copy. */
import { Tabs } from 'radix-ui';
import { Button } from '../../shared/components/button.tsx';
import { CodeBlock } from '../../shared/components/code-block.tsx';
import { CopyableText } from '../../shared/components/copy-button.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { exchangeCommand, githubJob } from './snippets.ts';
import type { Issuer, Policy } from './trust.ts';

const GITHUB = 'https://token.actions.githubusercontent.com';

/** Show it only while it is open. */
export function UsageDialog({
  policy,
  issuer,
  onClose,
}: {
  policy: Policy;
  issuer: Issuer | undefined;
  onClose: () => void;
}) {
  return (
    <Dialog
      isOpen
      isWide
      title={`How to use ${plainName(policy.name)}`}
      onClose={onClose}
      footer={<Button onClick={onClose}>Done</Button>}
    >
      <div className="grid gap-1">
        <p className="font-medium">Policy id</p>
        <CopyableText text={policy.id} label="policy id" />
        <p className="text-muted">It is not secret: without a matching token, it is of no use.</p>
      </div>
      <Tabs.Root defaultValue={issuer?.issuer_url === GITHUB ? 'github' : 'curl'} className="grid gap-3">
        <Tabs.List aria-label="For" className="inline-flex gap-1 border-b border-border">
          <Tab value="curl">curl</Tab>
          <Tab value="github">GitHub Actions</Tab>
        </Tabs.List>
        <Tabs.Content value="curl" className="grid min-w-0 gap-3">
          <p className="text-muted">
            With the platform’s token in the environment variable SUBJECT_TOKEN. The answer’s access_token is
            used like an API key.
          </p>
          <CodeBlock label="Swap a token with curl" code={exchangeCommand(location.origin, policy)} />
        </Tabs.Content>
        <Tabs.Content value="github" className="grid min-w-0 gap-3">
          <p className="text-muted">A workflow for a repository whose tokens have the policy’s subject.</p>
          <CodeBlock label="Swap a token in GitHub Actions" code={githubJob(location.origin, policy)} />
        </Tabs.Content>
      </Tabs.Root>
    </Dialog>
  );
}

function Tab({ value, children }: { value: string; children: string }) {
  return (
    <Tabs.Trigger
      value={value}
      className="control-height -mb-px border-b-2 border-transparent px-3 text-muted hover:text-text data-[state=active]:border-link data-[state=active]:font-medium data-[state=active]:text-text"
    >
      {children}
    </Tabs.Trigger>
  );
}
