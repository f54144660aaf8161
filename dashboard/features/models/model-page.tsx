/** One model: what it is, who offers it, how that went here lately, and how to call it. */
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { Card } from '../../shared/components/card.tsx';
import { CodeSamples } from '../../shared/components/code-samples.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { Facts } from '../../shared/components/facts.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { formatCount } from '../../shared/format/count.ts';
import { formatDate } from '../../shared/format/time.ts';
import { endpointsQuery } from './api/get-endpoints.ts';
import { modelsQuery } from './api/list-models.ts';
import { EndpointsTable } from './endpoints-table.tsx';
import { formatPerMillion, type Model } from './model.ts';

export function ModelPage() {
  const { author = '', slug = '' } = useParams({ strict: false }) as { author?: string; slug?: string };
  const id = `${author}/${slug}`;
  const models = useQuery(modelsQuery);
  const model = models.data?.find((one) => one.id === id);
  return (
    <>
      <p className="mb-2">
        <TextLink to="/models">Models</TextLink>
      </p>
      <PageTitle title={model?.name ?? id} {...(model === undefined ? {} : { description: id })} />
      {models.isPending && <Loading label="Loading the model" />}
      {models.isError && (
        <LoadError
          title="The model could not be loaded"
          error={models.error}
          onRetry={() => void models.refetch()}
        />
      )}
      {models.isSuccess && model === undefined && (
        <EmptyState title="There is no such model here">
          <p>
            Its provider may be switched off. <TextLink to="/models">Show all models</TextLink>
          </p>
        </EmptyState>
      )}
      {model !== undefined && <Shown model={model} />}
    </>
  );
}

function Shown({ model }: { model: Model }) {
  const endpoints = useQuery(endpointsQuery(model.id));
  const { architecture, top_provider: top } = model;
  return (
    <div className="grid gap-4">
      <Card>
        {model.description !== '' && <p className="mb-4 max-w-3xl wrap-anywhere">{model.description}</p>}
        <Facts
          facts={[
            { label: 'Input, per million tokens', value: formatPerMillion(model.pricing['prompt']) },
            { label: 'Output, per million tokens', value: formatPerMillion(model.pricing['completion']) },
            { label: 'Context', value: count(model.context_length) },
            { label: 'Longest answer', value: count(top.max_completion_tokens) },
            { label: 'Takes', value: architecture.input_modalities.join(', ') },
            { label: 'Gives', value: architecture.output_modalities.join(', ') },
            { label: 'Since', value: formatDate(new Date(model.created * 1000).toISOString()) },
            { label: 'Parameters', value: model.supported_parameters.join(', ') || null },
          ]}
        />
      </Card>
      <Card
        title="Providers"
        description="What this gateway measured in the last 30 minutes. A request goes to them by price, health and your preferences."
      >
        {endpoints.isPending && <Loading label="Loading the providers" />}
        {endpoints.isError && (
          <LoadError
            title="The providers could not be loaded"
            error={endpoints.error}
            onRetry={() => void endpoints.refetch()}
          />
        )}
        {endpoints.isSuccess && <EndpointsTable endpoints={endpoints.data} />}
      </Card>
      <Card title="Call it">
        <CodeSamples modelId={model.id} />
      </Card>
    </div>
  );
}

function count(tokens: number | null): string | null {
  return tokens === null ? null : `${formatCount(tokens)} tokens`;
}
