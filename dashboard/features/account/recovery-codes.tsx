/** Codes for the day the phone is gone: shown once, to be kept elsewhere. */
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { CopyButton } from '../../shared/components/copy-button.tsx';

export function RecoveryCodes({ codes, onKept }: { codes: readonly string[]; onKept: () => void }) {
  return (
    <>
      <Alert tone="warning" title="Keep these codes where you find them without your phone">
        Each lets you in once. They are not shown again.
      </Alert>
      <ul
        aria-label="Recovery codes"
        className="grid grid-cols-2 gap-x-4 gap-y-1.5 rounded-lg border border-border bg-canvas p-4 font-mono"
      >
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="flex flex-col gap-2 sm:flex-row sm:justify-end">
        <CopyButton text={codes.join('\n')} label="Copy all" />
        <Button onClick={onKept}>I have kept them</Button>
      </div>
    </>
  );
}
