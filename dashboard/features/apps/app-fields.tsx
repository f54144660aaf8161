/** The fields that a new app and a changed one have in common, and what they may hold. */
import type { App } from '../../../src/oauth/answers.ts';
import { TextField } from '../../shared/components/field.tsx';
import { TextAreaField } from '../../shared/components/text-area.tsx';
import { required, type Values } from '../../shared/forms/use-form.ts';
import type { AppChanges } from './api/change-app.ts';

export type AppField = 'name' | 'redirect_uris';

export const APP_FIELDS: readonly AppField[] = ['name', 'redirect_uris'];

/** Only what is certainly missing: what an address must be like is for the gateway to say. */
export const APP_RULES = {
  name: required('Give the app a name'),
  redirect_uris: required('Enter at least one address'),
};

export function appFieldsOf(values: Values<AppField>): AppChanges {
  return { name: values.name.trim(), redirect_uris: linesOf(values.redirect_uris) };
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** As the gateway counts lines: without the empty ones. */
export function AppFields({ app, errors }: { app?: App; errors: Partial<Record<AppField, string>> }) {
  return (
    <>
      <TextField
        label="Name"
        name="name"
        autoComplete="off"
        placeholder="Our support bot"
        defaultValue={app?.name}
        hint="People see it when the app asks them for a key."
        error={errors.name}
      />
      <TextAreaField
        label="Redirect URIs"
        name="redirect_uris"
        isCode
        rows={3}
        placeholder="https://app.example.com/oauth/callback"
        defaultValue={app?.redirect_uris.join('\n')}
        hint={
          <>
            One per line, at most 20. An https address, or http on localhost, 127.0.0.1 or [::1]; without a
            user name and without a “#” part. The app must send one of them exactly; on localhost, 127.0.0.1
            and [::1] the port may differ.
          </>
        }
        error={errors.redirect_uris}
      />
    </>
  );
}
