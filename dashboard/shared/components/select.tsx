/** One of a few values. The browser's own control: it is the best there is on a phone, and with a keyboard. */
import type { ComponentProps } from 'react';
import { CONTROL_CLASS, Field, type FieldProps } from './field.tsx';
import { ChevronDownIcon } from './icons.tsx';

export interface Option {
  readonly value: string;
  readonly label: string;
}

export function Select({
  options,
  className = '',
  ...rest
}: ComponentProps<'select'> & { options: readonly Option[] }) {
  return (
    <div className="relative">
      <select {...rest} className={`${CONTROL_CLASS} appearance-none pr-9 ${className}`}>
        {options.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <span className="pointer-events-none absolute inset-y-0 right-2.5 flex items-center text-muted">
        <ChevronDownIcon />
      </span>
    </div>
  );
}

export function SelectField({
  label,
  hint,
  error,
  className = '',
  options,
  ...rest
}: FieldProps & Omit<ComponentProps<'select'>, 'className'> & { options: readonly Option[] }) {
  return (
    <Field label={label} error={error} className={className} {...(hint === undefined ? {} : { hint })}>
      {(control) => <Select {...rest} {...control} options={options} />}
    </Field>
  );
}
