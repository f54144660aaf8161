/** One guardrail: its rules, what they leave of the models while they are written, and whom it binds. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useId, useRef, useState } from 'react';
import type { Guardrail } from '../../../src/guardrails/answers.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { RoleGate } from '../../shared/components/role-gate.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { useForm, valuesOf } from '../../shared/forms/use-form.ts';
import { useChosenWorkspace } from '../../shared/workspaces/chosen-workspace.ts';
import { guardrailQuery } from './api/list-guardrails.ts';
import { previewQuery } from './api/preview-guardrail.ts';
import { changeGuardrail, createGuardrail, type GuardrailChanges } from './api/save-guardrail.ts';
import { Assignments } from './assignments.tsx';
import { DeleteGuardrailDialog } from './delete-guardrail-dialog.tsx';
import { RemainingModels } from './remaining-models.tsx';
import { ReplayPanel } from './replay-panel.tsx';
import { RuleFields } from './rule-fields.tsx';
import { changesOf, GATEWAY_FIELDS, routingOf, rulesFor } from './rules-form.ts';
import { titleOf } from './summary.ts';

const LIST = '/settings/guardrails';
const NEW = 'new';
/** Not at every letter: a rule that is half written is none. */
const PREVIEW_AFTER_MS = 400;

export function GuardrailPage() {
  const { id = NEW } = useParams({ strict: false }) as { id?: string };
  return (
    <RoleGate title="Guardrail" atLeast="admin">
      <p className="mb-2">
        <TextLink to={LIST}>Guardrails</TextLink>
      </p>
      {id === NEW ? <Editor guardrail={null} /> : <Stored key={id} id={id} />}
    </RoleGate>
  );
}

function Stored({ id }: { id: string }) {
  const { data, isPending, isError, error, refetch } = useQuery(guardrailQuery(id));
  if (data !== undefined) return <Editor guardrail={data} />;
  return (
    <>
      <PageTitle title="Guardrail" />
      {isPending && <Loading label="Loading the guardrail" />}
      {isError && (
        <LoadError title="The guardrail could not be loaded" error={error} onRetry={() => void refetch()} />
      )}
    </>
  );
}

function Editor({ guardrail }: { guardrail: Guardrail | null }) {
  const queries = useQueryClient();
  const toast = useToast();
  const chosen = useChosenWorkspace();
  const navigate = useNavigate();
  const formId = useId();
  const element = useRef<HTMLFormElement>(null);
  const [isDeleting, setDeleting] = useState(false);
  const rules = rulesFor(guardrail);
  const [drafted, setDrafted] = useState<GuardrailChanges | null>(null);
  const [draft, setDraft] = useState<GuardrailChanges>({});
  useEffect(() => {
    if (drafted === null) return;
    const timer = setTimeout(() => setDraft(drafted), PREVIEW_AFTER_MS);
    return () => clearTimeout(timer);
  }, [drafted]);
  const preview = useQuery(previewQuery(guardrail?.id ?? NEW, draft));
  const form = useForm({
    rules,
    gatewayFields: GATEWAY_FIELDS,
    submit: async (values) => {
      const changes = changesOf(values, guardrail);
      const saved = await (guardrail === null
        ? createGuardrail(changes, chosen?.id ?? null)
        : changeGuardrail(guardrail.id, changes));
      await queries.invalidateQueries({ queryKey: ['guardrails'] });
      toast(`${plainName(titleOf(saved))} is saved`);
      if (guardrail === null) await navigate({ to: `${LIST}/${saved.id}` as '/' });
    },
  });
  const isDefault = guardrail !== null && guardrail.applies_to !== null;
  return (
    <>
      <PageTitle
        title={guardrail === null ? 'Add a guardrail' : plainName(titleOf(guardrail))}
        description={descriptionOf(guardrail)}
        actions={
          <>
            {guardrail !== null && (
              <Button variant="secondary" onClick={() => setDeleting(true)}>
                {isDefault ? 'Take all rules away' : 'Delete'}
              </Button>
            )}
            <Button type="submit" form={formId} isBusy={form.isSending}>
              {guardrail === null ? 'Add guardrail' : 'Save'}
            </Button>
          </>
        }
      />
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="grid min-w-0 gap-5">
          <form
            ref={element}
            id={formId}
            noValidate
            className="grid min-w-0 gap-5"
            onSubmit={form.onSubmit}
            onChange={({ currentTarget }) => setDrafted(routingOf(valuesOf(currentTarget, rules), guardrail))}
          >
            {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
            <RuleFields guardrail={guardrail} errors={form.errors} />
          </form>
          {guardrail !== null && guardrail.applies_to === null && <Assignments id={guardrail.id} />}
        </div>
        <div className="grid min-w-0 gap-5 lg:sticky lg:top-5">
          <RemainingModels preview={preview.data} error={preview.error} />
          <ReplayPanel
            id={guardrail?.id ?? null}
            rules={() =>
              element.current === null ? {} : changesOf(valuesOf(element.current, rules), guardrail)
            }
          />
        </div>
      </div>
      {isDeleting && guardrail !== null && (
        <DeleteGuardrailDialog
          guardrail={guardrail}
          onClose={() => setDeleting(false)}
          onDeleted={() => void navigate({ to: LIST as '/' })}
        />
      )}
    </>
  );
}

function descriptionOf(guardrail: Guardrail | null): string {
  if (guardrail === null) return 'It binds nobody until it is assigned.';
  if (guardrail.applies_to === 'account') return 'Binds every key in every workspace.';
  return guardrail.applies_to === 'workspace'
    ? 'Binds every key of the workspace, beside what the organisation says.'
    : 'Binds the keys and members that it is assigned to, beside what binds everybody.';
}
