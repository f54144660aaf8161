/** Yes or no: a checkbox for what is sent with a form, a switch for what takes effect at once. */
import { Checkbox as RadixCheckbox, Switch as RadixSwitch } from 'radix-ui';
import { type ReactNode, useId } from 'react';
import { CheckIcon } from './icons.tsx';

interface ChoiceProps {
  label: ReactNode;
  hint?: ReactNode;
  name?: string;
  checked?: boolean;
  defaultChecked?: boolean;
  disabled?: boolean;
  onChange?: (checked: boolean) => void;
}

export function Checkbox({ label, hint, onChange, ...rest }: ChoiceProps) {
  const id = useId();
  return (
    <div className="flex items-start gap-2.5 py-1">
      <RadixCheckbox.Root
        {...rest}
        id={id}
        className="mt-px flex size-5 shrink-0 items-center justify-center rounded border border-control bg-surface text-on-accent data-[state=checked]:border-accent data-[state=checked]:bg-accent disabled:opacity-60"
        {...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` })}
        {...(onChange === undefined ? {} : { onCheckedChange: (state) => onChange(state === true) })}
      >
        <RadixCheckbox.Indicator>
          <CheckIcon />
        </RadixCheckbox.Indicator>
      </RadixCheckbox.Root>
      <ChoiceText id={id} label={label} hint={hint} />
    </div>
  );
}

export function Switch({ label, hint, onChange, ...rest }: ChoiceProps) {
  const id = useId();
  return (
    <div className="flex items-start gap-2.5 py-1">
      <RadixSwitch.Root
        {...rest}
        id={id}
        className="mt-px flex h-5 w-9 shrink-0 items-center rounded-full bg-control p-0.5 motion-safe:transition-colors data-[state=checked]:bg-accent disabled:opacity-60"
        {...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` })}
        {...(onChange === undefined ? {} : { onCheckedChange: onChange })}
      >
        <RadixSwitch.Thumb className="block size-4 rounded-full bg-white motion-safe:transition-transform data-[state=checked]:translate-x-4" />
      </RadixSwitch.Root>
      <ChoiceText id={id} label={label} hint={hint} />
    </div>
  );
}

function ChoiceText({ id, label, hint }: { id: string; label: ReactNode; hint: ReactNode }) {
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="block">
        {label}
      </label>
      {hint !== undefined && (
        <p id={`${id}-hint`} className="text-muted">
          {hint}
        </p>
      )}
    </div>
  );
}
