/** What the gateway tells OAuth libraries of itself (RFC 8414). */
import { queryOptions } from '@tanstack/react-query';
import type { ServerMetadata } from '../../../../src/oauth/answers.ts';
import { request } from '../../../shared/api/request.ts';

const PATH = '/.well-known/oauth-authorization-server';

export const metadataUrl = ({ issuer }: ServerMetadata): string => `${issuer}${PATH}`;

export const serverMetadataQuery = queryOptions({
  queryKey: ['server-metadata'],
  queryFn: ({ signal }) => request<ServerMetadata>('GET', PATH, { signal }),
  // The same until the gateway is started anew.
  staleTime: Number.POSITIVE_INFINITY,
});
