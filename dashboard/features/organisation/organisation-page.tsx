/** What the organisation is called. */
import { useQueryClient } from '@tanstack/react-query';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { CopyableText } from '../../shared/components/copy-button.tsx';
import { Facts } from '../../shared/components/facts.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { RoleGate } from '../../shared/components/role-gate.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { useForm } from '../../shared/forms/use-form.ts';
import { sessionQuery, useSession } from '../../shared/session/session-query.ts';
import { renameOrganisation } from './api/rename-organisation.ts';

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
  const queries = useQueryClient();
  const toast = useToast();
  const form = useForm({
    rules: {
      name: (name) => {
        if (name.trim() === '') return 'Give it a name';
        return [...name.trim()].length > MAX_LENGTH ? `Use at most ${MAX_LENGTH} characters` : null;
      },
    },
    submit: async ({ name }) => {
      await renameOrganisation(name.trim());
      await queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
      toast('Saved');
    },
  });
  return (
    <>
      <PageTitle
        title="Organisation"
        description="Everybody here works in it: its name stands in the menu, in invitations, and where apps ask for keys."
      />
      <div className="grid max-w-2xl gap-5">
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
            <Button type="submit" className="justify-self-start" isBusy={form.isSending}>
              Save
            </Button>
          </form>
        </Card>
        <Card>
          <Facts
            facts={[
              { label: 'Id', value: <CopyableText text={account.id} label="id" /> },
              { label: 'Days and months in reports', value: 'Begin at midnight UTC' },
            ]}
          />
        </Card>
      </div>
    </>
  );
}
