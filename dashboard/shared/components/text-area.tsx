/** A labelled text of several lines. */
import type { ComponentProps } from 'react';
import { CONTROL_CLASS, Field, type FieldProps } from './field.tsx';

/** `isCode` for what machines read: keys, addresses. */
export function TextAreaField({
  label,
  hint,
  error,
  className = '',
  isCode = false,
  ...rest
}: FieldProps & Omit<ComponentProps<'textarea'>, 'className'> & { isCode?: boolean }) {
  return (
    <Field label={label} error={error} className={className} {...(hint === undefined ? {} : { hint })}>
      {(control) => (
        <textarea
          {...rest}
          {...control}
          {...(isCode ? { autoCapitalize: 'none', autoCorrect: 'off', spellCheck: false } : {})}
          className={`${CONTROL_CLASS} ${isCode ? 'font-mono break-all' : ''}`}
        />
      )}
    </Field>
  );
}
