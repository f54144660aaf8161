/** A labelled control with its hint and its error, tied together for screen readers. */
import { type ComponentProps, type ReactNode, useId, useState } from 'react';
import { EyeIcon, EyeOffIcon } from './icons.tsx';

/** What a control takes on so that its label, hint and error belong to it. */
export interface ControlProps {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': true | undefined;
}

export interface FieldProps {
  label: ReactNode;
  hint?: ReactNode;
  error?: string | undefined;
  /** Beside the label, such as a link. */
  aside?: ReactNode;
  className?: string;
}

export function Field({
  label,
  hint,
  error,
  aside,
  className = '',
  children,
}: FieldProps & { children: (control: ControlProps) => ReactNode }) {
  const id = useId();
  const hintId = hint === undefined ? undefined : `${id}-hint`;
  const errorId = error === undefined ? undefined : `${id}-error`;
  const describedBy = [errorId, hintId].filter((each) => each !== undefined).join(' ');
  return (
    <div className={`grid content-start gap-1.5 ${className}`}>
      <div className="flex items-baseline justify-between gap-3">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {aside}
      </div>
      {children({
        id,
        'aria-describedby': describedBy === '' ? undefined : describedBy,
        'aria-invalid': error === undefined ? undefined : true,
      })}
      {error !== undefined && (
        <p id={errorId} className="text-danger-text">
          {error}
        </p>
      )}
      {hint !== undefined && (
        <p id={hintId} className="text-muted">
          {hint}
        </p>
      )}
    </div>
  );
}

export const CONTROL_CLASS =
  'control-height field-text w-full min-w-0 rounded-md border border-control bg-surface px-2.5 py-1.5 text-text placeholder:text-muted aria-invalid:border-danger-text disabled:bg-raised disabled:text-muted';

export function Input({ className = '', ...rest }: ComponentProps<'input'>) {
  return <input {...rest} className={`${CONTROL_CLASS} ${className}`} />;
}

type TextFieldProps = FieldProps & Omit<ComponentProps<'input'>, 'className'> & { inputClassName?: string };

export function TextField({
  label,
  hint,
  error,
  aside,
  className,
  inputClassName,
  ...input
}: TextFieldProps) {
  return (
    <Field {...fieldProps({ label, hint, error, aside, className })}>
      {(control) => <Input {...input} {...control} className={inputClassName} />}
    </Field>
  );
}

/** Can be looked at while it is typed. */
export function PasswordField({
  label,
  hint,
  error,
  aside,
  className,
  inputClassName,
  ...input
}: TextFieldProps) {
  const [isShown, setShown] = useState(false);
  return (
    <Field {...fieldProps({ label, hint, error, aside, className })}>
      {(control) => (
        <div className="relative">
          <Input
            {...input}
            {...control}
            type={isShown ? 'text' : 'password'}
            autoCapitalize="none"
            autoCorrect="off"
            spellCheck={false}
            className={`pr-11 ${inputClassName ?? ''}`}
          />
          <button
            type="button"
            className="absolute inset-y-0 right-0 flex w-10 items-center justify-center rounded-md text-muted hover:text-text"
            aria-label={isShown ? 'Hide password' : 'Show password'}
            aria-pressed={isShown}
            onClick={() => setShown(!isShown)}
          >
            {isShown ? <EyeOffIcon /> : <EyeIcon />}
          </button>
        </div>
      )}
    </Field>
  );
}

/** Leaves out what was not given: `exactOptionalPropertyTypes` tells absent from undefined. */
function fieldProps(props: {
  label: ReactNode;
  hint: ReactNode;
  error: string | undefined;
  aside: ReactNode;
  className: string | undefined;
}): FieldProps {
  const { label, hint, error, aside, className } = props;
  return {
    label,
    error,
    ...(hint === undefined ? {} : { hint }),
    ...(aside === undefined ? {} : { aside }),
    ...(className === undefined ? {} : { className }),
  };
}
