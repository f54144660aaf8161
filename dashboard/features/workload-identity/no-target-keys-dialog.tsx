/** Says how to make a key for workloads, where there is none that a policy could lead to. */
import { Button } from '../../shared/components/button.tsx';
import { CodeBlock } from '../../shared/components/code-block.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { makeKeyCommand } from './snippets.ts';

/** Show it only while it is open. */
export function NoTargetKeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog
      isOpen
      isWide
      title="First, a key for workloads"
      onClose={onClose}
      footer={<Button onClick={onClose}>Close</Button>}
    >
      <p>
        A policy acts as an API key that belongs to nobody in particular: a key made by a person is disabled
        when that person is removed. There is none yet. Make one with a management key, and set the limit that
        your workload should have:
      </p>
      <CodeBlock label="Make a key" code={makeKeyCommand(location.origin)} />
      <p className="text-muted">
        You can throw away the key in the answer: the workload never sees it. Then reload this page.
      </p>
    </Dialog>
  );
}
