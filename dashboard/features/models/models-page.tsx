/** Every model that can be called here: found, filtered, sorted and held beside each other. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { formatCount } from '../../shared/format/count.ts';
import { modelsQuery } from './api/list-models.ts';
import { CompareCard } from './compare-card.tsx';
import type { Model } from './model.ts';
import { ModelFilters } from './model-filters.tsx';
import { comparedIds, MOST_COMPARED, type ModelsSearch, selected } from './models-search.ts';
import { ModelsTable } from './models-table.tsx';

/** No list draws more than somebody reads. */
const ROWS_AT_ONCE = 50;

export function ModelsPage() {
  const search = useSearch({ strict: false }) as ModelsSearch;
  const navigate = useNavigate();
  const models = useQuery(modelsQuery);
  const change = (changes: Partial<Record<keyof ModelsSearch, string | undefined>>) =>
    void navigate({ to: '/models', search: { ...search, ...changes } as never, replace: true });
  return (
    <>
      <PageTitle
        title="Models"
        description="What can be called here, by which providers, and what it costs."
      />
      {models.isPending && <Loading label="Loading the models" />}
      {models.isError && (
        <LoadError
          title="The models could not be loaded"
          error={models.error}
          onRetry={() => void models.refetch()}
        />
      )}
      {models.isSuccess && <Listing models={models.data} search={search} onChange={change} />}
    </>
  );
}

function Listing({
  models,
  search,
  onChange,
}: {
  models: readonly Model[];
  search: ModelsSearch;
  onChange: (changes: Partial<Record<keyof ModelsSearch, string | undefined>>) => void;
}) {
  const [rows, setRows] = useState(ROWS_AT_ONCE);
  const shown = selected(models, search);
  const compared = comparedIds(search);
  const compare = (id: string, isCompared: boolean) => {
    const others = compared.filter((other) => other !== id);
    const ids = isCompared ? [...others, id] : others;
    onChange({ compare: ids.length === 0 ? undefined : ids.join(',') });
  };
  return (
    <div className="grid gap-4">
      <ModelFilters models={models} search={search} onChange={onChange} />
      {compared.length > 0 && (
        <CompareCard
          models={compared.flatMap((id) => models.find((model) => model.id === id) ?? [])}
          onRemove={(id) => compare(id, false)}
          onClear={() => onChange({ compare: undefined })}
        />
      )}
      <Card>
        <p role="status" className="mb-2 text-muted">
          {formatCount(shown.length)} of {formatCount(models.length)} models
        </p>
        {models.length === 0 && (
          <EmptyState title="No models yet">
            <p>
              Switch a provider on: set its key in the environment (such as OPENAI_API_KEY), or name it in
              turnpike.yaml, and start the gateway again.
            </p>
          </EmptyState>
        )}
        {models.length > 0 && shown.length === 0 && (
          <EmptyState title="No model is like that">
            <p>
              Take a filter away, or <TextLink to="/models">show all models</TextLink>.
            </p>
          </EmptyState>
        )}
        {shown.length > 0 && (
          <ModelsTable
            models={shown.slice(0, rows)}
            compared={compared}
            isFull={compared.length >= MOST_COMPARED}
            onCompare={compare}
          />
        )}
        {shown.length > rows && (
          <div className="mt-4 flex justify-center">
            <Button variant="secondary" onClick={() => setRows(rows + ROWS_AT_ONCE)}>
              Show more
            </Button>
          </div>
        )}
      </Card>
    </div>
  );
}
