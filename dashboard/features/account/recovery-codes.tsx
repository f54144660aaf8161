/** Codes for the day the phone is gone: shown once, to be kept elsewhere. */
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { CopyButton } from '../../shared/components/copy-button.tsx';
import { DialogFooter } from '../../shared/components/dialog.tsx';

export function RecoveryCodes({ codes, onKept }: { codes: readonly string[]; onKept: () => void }) {
  return (
    <>
      <Alert tone="warning" title="Save these codes where you can find them without your phone">
        Each signs you in once. They are not shown again.
      </Alert>
      <ul
        aria-label="Recovery codes"
        className="grid grid-cols-2 gap-x-4 gap-y-1.5 rounded-lg border border-border bg-canvas p-4 font-mono"
      >
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <DialogFooter>
        <CopyButton text={codes.join('\n')} label="Copy all" />
        <Button onClick={onKept}>I have saved them</Button>
      </DialogFooter>
    </>
  );
}
