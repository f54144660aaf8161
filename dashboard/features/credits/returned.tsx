/** For whoever comes back from paying: whether the payment is here, asked until it is. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Alert } from '../../shared/components/alert.tsx';
import { formatUsd } from '../../shared/format/money.ts';
import { CREDITS_KEY, refreshPurchase } from './api/credits.ts';

const ASK_AGAIN_MS = 2000;
const ASKED_AT_MOST = 60;

export function Returned({ id }: { id: string }) {
  const queries = useQueryClient();
  const purchase = useQuery({
    queryKey: ['returned', id],
    queryFn: () => refreshPurchase(id),
    refetchInterval: ({ state }) =>
      state.data?.state === 'open' && state.dataUpdateCount < ASKED_AT_MOST ? ASK_AGAIN_MS : false,
  });
  const state = purchase.data?.state;
  useEffect(() => {
    if (state !== undefined && state !== 'open') void queries.invalidateQueries({ queryKey: CREDITS_KEY });
  }, [queries, state]);
  if (purchase.isError)
    return (
      <Alert tone="info">What became of your payment could not be asked. It is in the list below.</Alert>
    );
  if (purchase.data === undefined || state === 'open')
    return (
      <Alert tone="info" title="Waiting for your payment">
        Some banks take days. Credits are added when the payment comes, also when you leave this page.
      </Alert>
    );
  if (state === 'paid')
    return (
      <Alert tone="success" title="Thank you">
        {formatUsd(purchase.data.amount_usd)} of credits were added.
      </Alert>
    );
  return (
    <Alert tone="warning" title="Nothing was paid">
      {purchase.data.failure ?? 'The checkout is over.'} You can buy credits again.
    </Alert>
  );
}
