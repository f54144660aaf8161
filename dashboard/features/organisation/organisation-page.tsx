/** What the organisation is called, how it looks, and whose days its figures are of. */
import { useQueryClient } from '@tanstack/react-query';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { CopyableText } from '../../shared/components/copy-button.tsx';
import { Facts } from '../../shared/components/facts.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { RoleGate } from '../../shared/components/role-gate.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { optional, useForm } from '../../shared/forms/use-form.ts';
import { sessionQuery, useSession } from '../../shared/session/session-query.ts';
import { changeOrganisation } from './api/change-organisation.ts';
import { LogoCard } from './logo-card.tsx';
import { timeZoneOptions } from './time-zones.ts';

const MAX_LENGTH = 100;

export function OrganisationPage() {
  return (
    <RoleGate title="Organisation" atLeast="admin">
      <Organisation />
    </RoleGate>
  );
}

function Organisation() {
  const { account } = useSession();
  return (
    <>
      <PageTitle
        title="Organisation"
        description="Everybody here works in it: its name stands in the menu, in invitations, and where apps ask for keys."
      />
      <div className="grid max-w-2xl grid-cols-1 gap-5">
        <GeneralCard />
        <LogoCard />
        <Card>
          <Facts
            facts={[
              { label: 'Id', value: <CopyableText text={account.id} label="id" /> },
              {
                label: 'Prompts and answers',
                value: <TextLink to="/settings/content">Whether they are kept</TextLink>,
              },
            ]}
          />
        </Card>
      </div>
    </>
  );
}

function GeneralCard() {
  const { account } = useSession();
  const queries = useQueryClient();
  const toast = useToast();
  const form = useForm({
    rules: {
      name: (name) => {
        if (name.trim() === '') return 'Give it a name';
        return [...name.trim()].length > MAX_LENGTH ? `Use at most ${MAX_LENGTH} characters` : null;
      },
      time_zone: optional,
    },
    submit: async ({ name, time_zone }) => {
      await changeOrganisation({ name: name.trim(), time_zone });
      await queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
      // Figures of other days: whatever is shown of them is asked for anew.
      if (time_zone !== account.time_zone) queries.removeQueries({ queryKey: ['figures'] });
      toast('Saved');
    },
  });
  return (
    <Card>
      <form noValidate className="grid gap-4" onSubmit={form.onSubmit}>
        {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
        <TextField
          label="Name"
          name="name"
          autoComplete="organization"
          defaultValue={account.name}
          error={form.errors.name}
        />
        <SelectField
          label="Time zone of reports"
          name="time_zone"
          defaultValue={account.time_zone}
          options={timeZoneOptions(account.time_zone)}
          error={form.errors.time_zone}
          hint="Days, weeks and months of charts begin by its clocks. Limits reset at midnight UTC, and the API counts in UTC, whatever you choose."
        />
        <Button type="submit" className="justify-self-start" isBusy={form.isSending}>
          Save
        </Button>
      </form>
    </Card>
  );
}
