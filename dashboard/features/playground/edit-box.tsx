/** A message that is being changed, in its place. */
import { useState } from 'react';
import { Button } from '../../shared/components/button.tsx';
import { TextAreaField } from '../../shared/components/text-area.tsx';

export function EditBox({
  label,
  text,
  onSave,
  onCancel,
  onAskAgain,
}: {
  label: string;
  text: string;
  onSave: (text: string) => void;
  onCancel: () => void;
  /** What came of it is then asked for anew. */
  onAskAgain?: (text: string) => void;
}) {
  const [value, setValue] = useState(text);
  return (
    <form
      className="grid gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        (onAskAgain ?? onSave)(value);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onCancel();
      }}
    >
      <TextAreaField
        label={label}
        rows={5}
        autoFocus
        value={value}
        onChange={(event) => setValue(event.target.value)}
      />
      <div className="flex flex-wrap gap-2">
        {onAskAgain !== undefined && <Button type="submit">Save and ask again</Button>}
        <Button variant={onAskAgain === undefined ? 'primary' : 'secondary'} onClick={() => onSave(value)}>
          Save
        </Button>
        <Button variant="ghost" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
