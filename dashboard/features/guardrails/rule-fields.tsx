/** The fields of a guardrail. */
import type { ReactNode } from 'react';
import type { Guardrail } from '../../../src/guardrails/answers.ts';
import { Card } from '../../shared/components/card.tsx';
import { Checkbox } from '../../shared/components/choice.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { TextAreaField } from '../../shared/components/text-area.tsx';
import { LIMIT_RESET_OPTIONS } from '../../shared/forms/limit-reset-options.ts';
import { BUILTINS, filterLines, REGIONS, type RuleField, wishOf } from './rules-form.ts';
import { ZDR_GROUPS } from './summary.ts';

const LET_THROUGH = { value: '', label: 'Let through' };
const IN_REQUESTS = [
  { value: 'flag', label: 'Flag' },
  { value: 'redact', label: 'Redact' },
  { value: 'block', label: 'Block' },
];
const ACTION_OPTIONS = [
  LET_THROUGH,
  ...IN_REQUESTS.flatMap(({ value, label }) => [
    { value, label: `${label} requests` },
    { value: `${value}:output`, label: `${label} answers` },
    { value: `${value}:both`, label: `${label} both` },
  ]),
];
const INJECTION_OPTIONS = [LET_THROUGH, ...IN_REQUESTS];

export function RuleFields({
  guardrail,
  errors,
}: {
  guardrail: Guardrail | null;
  errors: Partial<Record<RuleField, string>>;
}) {
  const appliesTo = guardrail?.applies_to ?? null;
  const list = (
    name: 'allowed_models' | 'ignored_models' | 'allowed_providers' | 'ignored_providers',
    label: string,
    hint: string,
  ) => (
    <TextAreaField
      label={label}
      name={name}
      rows={3}
      isCode
      hint={hint}
      defaultValue={(guardrail?.[name] ?? []).join('\n')}
      error={errors[name]}
    />
  );
  return (
    <>
      <Card title={appliesTo === null ? 'Name' : 'Note'}>
        <div className="grid gap-4">
          {appliesTo === null && (
            <TextField
              label="Name"
              name="name"
              maxLength={200}
              defaultValue={guardrail?.name ?? ''}
              error={errors.name}
            />
          )}
          <TextField
            label="Description"
            name="description"
            maxLength={1000}
            placeholder="Optional"
            defaultValue={guardrail?.description ?? ''}
            error={errors.description}
          />
        </div>
      </Card>
      <Card title="Models and providers" description="What is ignored stays out, even if it is allowed.">
        <div className="grid gap-4 sm:grid-cols-2">
          {list('allowed_models', 'Only these models', 'One a line, such as openai/gpt-4o. Empty: all.')}
          {list('ignored_models', 'Never these models', 'One a line. Their variants stay out too.')}
          {list('allowed_providers', 'Only these providers', 'One a line, such as azure. Empty: all.')}
          {list('ignored_providers', 'Never these providers', 'One a line.')}
        </div>
      </Card>
      <Card title="What providers may do with prompts">
        <div className="grid gap-5 sm:grid-cols-2">
          <Group legend="Nobody who keeps prompts, for models of">
            {ZDR_GROUPS.map(({ group, label }) => (
              <Checkbox
                key={group}
                label={label === 'all others' ? 'All others' : label}
                name={`enforce_zdr_${group}`}
                defaultChecked={guardrail?.[`enforce_zdr_${group}`] === true}
              />
            ))}
          </Group>
          <div className="grid content-start gap-5">
            <Group legend="Nobody who learns from prompts">
              <Checkbox
                label="For models that cost something"
                name="no_paid_training"
                defaultChecked={guardrail?.enable_paid_model_training === false}
              />
              <Checkbox
                label="For free models"
                name="no_free_training"
                defaultChecked={guardrail?.enable_free_model_training === false}
              />
              <Checkbox
                label="No free models that may publish prompts"
                name="no_free_publication"
                defaultChecked={guardrail?.enable_free_model_publication === false}
              />
            </Group>
            <Group legend="Only through gateways in (none checked: any)">
              {REGIONS.map(({ region, label }) => (
                <Checkbox
                  key={region}
                  label={label}
                  name={`region_${region}`}
                  defaultChecked={guardrail?.allowed_data_regions?.includes(region) === true}
                />
              ))}
            </Group>
          </div>
        </div>
      </Card>
      <Card
        title="Content"
        description="Requests are looked through before anybody sees them, answers before your users do."
      >
        <div className="grid gap-4">
          <div className="grid gap-4 sm:grid-cols-3">
            {BUILTINS.map(({ slug, label }) => (
              <SelectField
                key={slug}
                label={label}
                name={`builtin_${slug}`}
                options={slug === 'regex-prompt-injection' ? INJECTION_OPTIONS : ACTION_OPTIONS}
                defaultValue={storedWish(guardrail, slug)}
              />
            ))}
          </div>
          <TextAreaField
            label="Patterns of your own"
            name="content_filters"
            rows={3}
            isCode
            hint="One a line: block, redact or flag, with :output for answers or :both, a label in brackets if you like, and a regular expression, such as: redact:both [CUSTOMER] ACME-[0-9]+"
            defaultValue={filterLines(guardrail?.content_filters ?? null)}
            error={errors.content_filters}
          />
        </div>
      </Card>
      {appliesTo !== 'account' && (
        <Card
          title="Budget"
          description="Counted for each key and each member by itself, never for all together."
        >
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField
              label="Limit in USD"
              name="limit_usd"
              inputMode="decimal"
              placeholder="None"
              defaultValue={guardrail?.limit_usd ?? ''}
              error={errors.limit_usd}
            />
            <SelectField
              label="Starts again"
              name="reset_interval"
              options={LIMIT_RESET_OPTIONS}
              defaultValue={guardrail?.reset_interval ?? ''}
              error={errors.reset_interval}
            />
          </div>
          <div className="mt-3">
            <Checkbox
              label="Count what goes through your own provider keys"
              name="include_byok_in_budgets"
              defaultChecked={guardrail?.include_byok_in_budgets === true}
            />
          </div>
        </Card>
      )}
    </>
  );
}

function storedWish(guardrail: Guardrail | null, slug: string): string {
  const stored = guardrail?.content_filter_builtins?.find((one) => one.slug === slug);
  return stored === undefined ? '' : wishOf(stored);
}

function Group({ legend, children }: { legend: string; children: ReactNode }) {
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1 font-medium">{legend}</legend>
      {children}
    </fieldset>
  );
}
