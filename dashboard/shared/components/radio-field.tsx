/** One of a few ways, each with a word on what it means. */
import { type ReactNode, useId } from 'react';

export interface RadioOption {
  readonly value: string;
  readonly label: string;
  readonly hint: ReactNode;
}

export function RadioField({
  legend,
  name,
  options,
  defaultValue,
  onChange,
}: {
  legend: string;
  name: string;
  options: readonly RadioOption[];
  defaultValue: string;
  onChange?: (value: string) => void;
}) {
  const id = useId();
  return (
    <fieldset className="grid gap-1.5">
      <legend className="mb-1.5 font-medium">{legend}</legend>
      {options.map(({ value, label, hint }) => (
        <label
          key={value}
          className="flex cursor-pointer items-start gap-2.5 rounded-md border border-border px-3 py-2.5 has-checked:border-accent has-checked:bg-accent-soft"
        >
          <input
            type="radio"
            name={name}
            value={value}
            defaultChecked={value === defaultValue}
            aria-labelledby={`${id}-${value}`}
            aria-describedby={`${id}-${value}-hint`}
            className="mt-0.5 size-4 shrink-0 accent-accent"
            onChange={() => onChange?.(value)}
          />
          <span className="min-w-0">
            <span id={`${id}-${value}`} className="block font-medium">
              {label}
            </span>
            <span id={`${id}-${value}-hint`} className="block text-muted">
              {hint}
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
