/** What is left of the models, and what leaves out the others: as the rules stand in the form, saved or not. */
import { useState } from 'react';
import type { Preview } from '../../../src/guardrails/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Card } from '../../shared/components/card.tsx';
import { Input } from '../../shared/components/field.tsx';
import { CheckIcon, CloseIcon } from '../../shared/components/icons.tsx';
import { Loading } from '../../shared/components/spinner.tsx';

/** More is no list that anybody reads. */
const SHOWN_AT_MOST = 60;

export function RemainingModels({ preview, error }: { preview: Preview | undefined; error: Error | null }) {
  const [search, setSearch] = useState('');
  const wanted = search.trim().toLowerCase();
  const found = (preview?.models ?? []).filter(({ id }) => id.toLowerCase().includes(wanted));
  const sorted = [...found.filter((one) => one.is_allowed), ...found.filter((one) => !one.is_allowed)];
  const shown = sorted.slice(0, SHOWN_AT_MOST);
  return (
    <Card title="What remains">
      <div className="grid gap-3">
        <p role="status" className="text-muted">
          {preview === undefined
            ? 'Looking through the models'
            : `${preview.allowed_count} of ${preview.total_count} models may be used`}
        </p>
        {error !== null && <Alert tone="danger">{messageOf(error)}</Alert>}
        {preview === undefined && error === null && <Loading label="Loading models" />}
        {preview !== undefined && (
          <>
            <Input
              type="search"
              aria-label="Find a model"
              placeholder="Find a model"
              value={search}
              onChange={(event) => setSearch(event.target.value)}
            />
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
            <section className="max-h-[32rem] overflow-y-auto" aria-label="Models" tabIndex={0}>
              <ul className="divide-y divide-border">
                {shown.map((model) => (
                  <Line key={model.id} {...model} />
                ))}
              </ul>
            </section>
            {sorted.length > shown.length && (
              <p className="text-muted">And {sorted.length - shown.length} more: find them by name.</p>
            )}
            {sorted.length === 0 && <p className="text-muted">No model is called that.</p>}
          </>
        )}
      </div>
    </Card>
  );
}

const RULES: Readonly<Record<string, string>> = {
  allowed_models: 'not among the models',
  ignored_models: 'one of those never to use',
  allowed_providers: 'not among the providers',
  ignored_providers: 'a provider never to use',
  enable_paid_model_training: 'learns from prompts',
  enable_free_model_training: 'learns from prompts',
  enable_free_model_publication: 'may publish prompts',
};

/** A rule, and in brackets the guardrail that it stands in where it is another one. */
export function ruleInWords(broken: string): string {
  const [rule = '', ...where] = broken.split(' ');
  const words = RULES[rule] ?? (rule.startsWith('enforce_zdr_') ? 'keeps prompts' : rule);
  return [words, ...where].join(' ');
}

function Line({ id, is_allowed, providers, left_out_providers, left_out_by }: Preview['models'][number]) {
  const why = [...new Set(left_out_by.map(ruleInWords))].join(', ');
  return (
    <li className="flex items-start gap-2 py-1.5">
      <span className={`mt-0.5 ${is_allowed ? 'text-success-text' : 'text-muted'}`}>
        {is_allowed ? <CheckIcon /> : <CloseIcon />}
      </span>
      <span className="grid min-w-0">
        <span className={`wrap-anywhere ${is_allowed ? '' : 'text-muted'}`}>
          {id}
          <span className="sr-only">{is_allowed ? ' may be used' : ' may not be used'}</span>
        </span>
        <span className="text-xs text-muted wrap-anywhere">
          {is_allowed
            ? `${providers.join(', ')}${left_out_providers.length === 0 ? '' : `; not ${left_out_providers.join(', ')} (${why})`}`
            : why}
        </span>
      </span>
    </li>
  );
}
