/** The addresses that an app's developer asks for. */
import { useQuery } from '@tanstack/react-query';
import type { ServerMetadata } from '../../../src/oauth/answers.ts';
import { Card } from '../../shared/components/card.tsx';
import { CopyableText } from '../../shared/components/copy-button.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { metadataUrl, serverMetadataQuery } from './api/read-server-metadata.ts';

export function EndpointsCard() {
  const metadata = useQuery(serverMetadataQuery);
  return (
    <Card
      title="For developers"
      description="Most OAuth libraries need the metadata URL alone, and find the rest there."
    >
      {metadata.isError && (
        <LoadError
          title="The addresses could not be loaded"
          error={metadata.error}
          onRetry={() => void metadata.refetch()}
        />
      )}
      {metadata.isPending && <Loading label="Loading addresses" />}
      {metadata.isSuccess && <Endpoints metadata={metadata.data} />}
    </Card>
  );
}

function Endpoints({ metadata }: { metadata: ServerMetadata }) {
  const endpoints = [
    { label: 'Metadata', url: metadataUrl(metadata) },
    { label: 'Authorization', url: metadata.authorization_endpoint },
    { label: 'Token', url: metadata.token_endpoint },
    { label: 'Device authorization', url: metadata.device_authorization_endpoint },
    { label: 'Registration', url: metadata.registration_endpoint },
  ];
  return (
    <dl className="grid gap-x-6 gap-y-1 sm:grid-cols-[auto_1fr]">
      {endpoints.map(
        ({ label, url }) =>
          url !== undefined && (
            <div key={label} className="grid sm:col-span-2 sm:grid-cols-subgrid sm:items-center">
              <dt className="text-muted">{label}</dt>
              <dd className="min-w-0 max-sm:mb-2">
                <CopyableText text={url} label={`${label.toLowerCase()} URL`} />
              </dd>
            </div>
          ),
      )}
    </dl>
  );
}
