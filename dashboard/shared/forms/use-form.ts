/** A form's state: checks its fields, says what is wrong beside them, and sends it once. */
import { type FormEvent, useRef, useState } from 'react';
import { ApiError, messageOf } from '../api/request.ts';

export type Values<Name extends string> = Readonly<Record<Name, string>>;
export type Rule<Name extends string> = (value: string, values: Values<Name>) => string | null;

export interface Form<Name extends string> {
  readonly errors: Partial<Record<Name, string>>;
  /** What the gateway said, about the form as a whole. */
  readonly error: string | null;
  readonly isSending: boolean;
  readonly onSubmit: (event: FormEvent<HTMLFormElement>) => void;
}

/**
 * `rules` names the fields by their `name` attribute; a rule gives what is wrong, or null. A `submit` that throws leaves the form
 * as it was, with the message.
 */
export function useForm<Name extends string>(options: {
  readonly rules: Readonly<Record<Name, Rule<Name>>>;
  readonly submit: (values: Values<Name>, form: HTMLFormElement) => Promise<void>;
  /** Those of them that the gateway calls the same; default: all. */
  readonly gatewayFields?: readonly Name[];
}): Form<Name> {
  const [errors, setErrors] = useState<Partial<Record<Name, string>>>({});
  const [error, setError] = useState<string | null>(null);
  const [isSending, setSending] = useState(false);
  const sending = useRef(false);

  /** False: there are none. */
  function showErrors(form: HTMLFormElement, found: Partial<Record<Name, string>>): boolean {
    setErrors(found);
    const first = Object.keys(found)[0];
    if (first === undefined) return false;
    const field = form.elements.namedItem(first);
    if (field instanceof HTMLElement) field.focus();
    return true;
  }

  async function send(form: HTMLFormElement): Promise<void> {
    const values = valuesOf(form, options.rules);
    setError(null);
    if (showErrors(form, check(values, options.rules))) return;
    sending.current = true;
    setSending(true);
    try {
      await options.submit(values, form);
    } catch (thrown) {
      const named = gatewayErrors(thrown, options.gatewayFields ?? (Object.keys(options.rules) as Name[]));
      if (!showErrors(form, named)) setError(messageOf(thrown));
    } finally {
      sending.current = false;
      setSending(false);
    }
  }

  return {
    errors,
    error,
    isSending,
    onSubmit: (event) => {
      event.preventDefault();
      if (!sending.current) void send(event.currentTarget);
    },
  };
}

export function valuesOf<Name extends string>(
  form: HTMLFormElement,
  rules: Readonly<Record<Name, unknown>>,
): Values<Name> {
  const data = new FormData(form);
  const names = Object.keys(rules) as Name[];
  return Object.fromEntries(names.map((name) => [name, String(data.get(name) ?? '')])) as Values<Name>;
}

export function check<Name extends string>(
  values: Values<Name>,
  rules: Readonly<Record<Name, Rule<Name>>>,
): Partial<Record<Name, string>> {
  const errors: Partial<Record<Name, string>> = {};
  for (const name of Object.keys(rules) as Name[]) {
    const problem = rules[name](values[name], values);
    if (problem !== null) errors[name] = problem;
  }
  return errors;
}

/** What the gateway says of each field, beside it; of a list, which stands one a line, with the line. */
function gatewayErrors<Name extends string>(
  thrown: unknown,
  fields: readonly Name[],
): Partial<Record<Name, string>> {
  if (!(thrown instanceof ApiError)) return {};
  const errors: Partial<Record<Name, string>> = {};
  for (const { path, message } of thrown.issues) {
    const [name, entry] = path;
    const field = fields.find((each) => each === name);
    // One that stands nowhere is told about the form as a whole.
    if (field === undefined) return {};
    errors[field] ??= typeof entry === 'number' ? `Line ${entry + 1} ${message}` : capitalised(message);
  }
  return errors;
}

const capitalised = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

export const optional = (): null => null;

export const required =
  (message: string) =>
  (value: string): string | null =>
    value.trim() === '' ? message : null;

export const MIN_PASSWORD_LENGTH = 10;

export function newPassword(value: string): string | null {
  return value.length < MIN_PASSWORD_LENGTH ? `Use at least ${MIN_PASSWORD_LENGTH} characters` : null;
}

/** Only what is certainly no address: the gateway decides, by writing to it. */
export function emailAddress(value: string): string | null {
  return /^\S+@\S+$/.test(value.trim()) ? null : 'Enter an e-mail address, such as name@example.com';
}
