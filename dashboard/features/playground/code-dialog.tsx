/** The next request, or one that was made, as a program would make it. */
import { CodeTabs } from '../../shared/components/code-tabs.tsx';
import { Dialog } from '../../shared/components/dialog.tsx';
import { programsOf } from './code.ts';
import type { JsonObject } from './conversation.ts';

export function CodeDialog({ body, onClose }: { body: JsonObject; onClose: () => void }) {
  return (
    <Dialog isOpen isWide title="View code" onClose={onClose}>
      <p className="text-muted">
        The same request from a program of yours. It needs a key’s secret in <code>OPENROUTER_API_KEY</code>.
      </p>
      <CodeTabs programs={programsOf(body, location.origin)} />
    </Dialog>
  );
}
