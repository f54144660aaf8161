/** Picks a row of a table: a checkbox whose label is heard and not seen. */
import { Checkbox } from 'radix-ui';
import { CheckIcon, MinusIcon } from './icons.tsx';

export function Pick({
  label,
  checked,
  onChange,
}: {
  label: string;
  checked: boolean | 'indeterminate';
  onChange: (checked: boolean) => void;
}) {
  return (
    <Checkbox.Root
      aria-label={label}
      checked={checked}
      onCheckedChange={(state) => onChange(state === true)}
      className="flex size-6 items-center justify-center rounded text-on-accent"
    >
      <span
        className={`flex size-5 items-center justify-center rounded border ${checked === false ? 'border-control bg-surface' : 'border-accent bg-accent'}`}
      >
        <Checkbox.Indicator>{checked === 'indeterminate' ? <MinusIcon /> : <CheckIcon />}</Checkbox.Indicator>
      </span>
    </Checkbox.Root>
  );
}
