/** The keys for one provider, in the order in which they are tried, which dragging or the arrow keys change. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Badge } from '../../shared/components/badge.tsx';
import { Card } from '../../shared/components/card.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { OWN_KEYS, type OwnKeyList } from './api/list-own-keys.ts';
import { orderOwnKeys } from './api/order-own-keys.ts';
import { type OwnKey, type Provider, titleOf } from './own-key.ts';
import { type OwnKeyAction, OwnKeyItem } from './own-key-item.tsx';

export function ProviderKeys({
  provider,
  slug,
  ownKeys,
  onAct,
}: {
  /** Null: the gateway has none of this name. */
  provider: Provider | null;
  slug: string;
  ownKeys: readonly OwnKey[];
  onAct: (action: OwnKeyAction, ownKey: OwnKey) => void;
}) {
  const prioritised = ownKeys.filter(({ is_fallback }) => !is_fallback);
  const fallback = ownKeys.filter(({ is_fallback }) => is_fallback);
  return (
    <Card
      title={provider?.name ?? slug}
      actions={provider?.own_keys_only === true ? <Badge tone="accent">Own keys only</Badge> : undefined}
    >
      <div className="grid gap-5">
        {provider === null && (
          <Alert tone="warning">
            This gateway has no provider named {slug}, so these keys are not used. Its operator can add it.
          </Alert>
        )}
        <Section
          title="Prioritized"
          of={provider?.name ?? slug}
          hint="Tried first, from top to bottom; then what the gateway has itself."
          ownKeys={prioritised}
          onAct={onAct}
        />
        <Section
          title="Fallback"
          of={provider?.name ?? slug}
          hint="Tried only when everything before has failed."
          ownKeys={fallback}
          onAct={onAct}
        />
      </div>
    </Card>
  );
}

const ORDERING = ['byok-order'];

function Section({
  title,
  of,
  hint,
  ownKeys,
  onAct,
}: {
  title: string;
  of: string;
  hint: string;
  ownKeys: readonly OwnKey[];
  onAct: (action: OwnKeyAction, ownKey: OwnKey) => void;
}) {
  const queries = useQueryClient();
  const [dragged, setDragged] = useState<string | null>(null);
  const [said, setSaid] = useState('');
  const ordering = useMutation({
    mutationKey: ORDERING,
    // One after another: the last one is what counts.
    scope: { id: ORDERING.join() },
    mutationFn: (ids: readonly string[]) => orderOwnKeys(ids),
    // An answer in between would show an order that is gone already.
    onSettled: async () => {
      if (queries.isMutating({ mutationKey: ORDERING }) === 1)
        await queries.invalidateQueries({ queryKey: OWN_KEYS });
    },
  });
  if (ownKeys.length === 0) return null;

  function move(id: string, to: number): void {
    const from = ownKeys.findIndex((ownKey) => ownKey.id === id);
    const moved = ownKeys[from];
    if (moved === undefined || to < 0 || to >= ownKeys.length || to === from) return;
    const ordered = ownKeys.filter((ownKey) => ownKey.id !== id);
    ordered.splice(to, 0, moved);
    setSaid(`${plainName(titleOf(moved))} is number ${to + 1} of ${ownKeys.length} now`);
    void queries.cancelQueries({ queryKey: OWN_KEYS });
    // Shown at once; what the gateway has made of it is read behind.
    queries.setQueriesData({ queryKey: OWN_KEYS }, (list: OwnKeyList | undefined) =>
      list === undefined ? undefined : { ...list, data: reordered(list.data, ordered) },
    );
    ordering.mutate(ordered.map((ownKey) => ownKey.id));
  }

  return (
    <section className="grid gap-2" aria-label={`${title} keys for ${of}`}>
      <div>
        <h3 className="font-semibold">{title}</h3>
        <p className="text-muted">{hint}</p>
      </div>
      {ordering.isError && <Alert tone="danger">{messageOf(ordering.error)}</Alert>}
      <ol className="divide-y divide-border rounded-lg border border-border">
        {ownKeys.map((ownKey, place) => (
          <OwnKeyItem
            key={ownKey.id}
            ownKey={ownKey}
            place={place}
            of={ownKeys.length}
            isDragged={dragged === ownKey.id}
            onDrag={setDragged}
            onDrop={() => {
              if (dragged !== null) move(dragged, place);
              setDragged(null);
            }}
            onMove={(by) => move(ownKey.id, place + by)}
            onAct={(action) => onAct(action, ownKey)}
          />
        ))}
      </ol>
      <p role="status" className="sr-only">
        {said}
      </p>
    </section>
  );
}

/** The list with these in their new order, in the places that they had among the others. */
function reordered(list: readonly OwnKey[], ordered: readonly OwnKey[]): OwnKey[] {
  const next = [...ordered];
  return list.map((ownKey) =>
    ordered.some(({ id }) => id === ownKey.id) ? (next.shift() ?? ownKey) : ownKey,
  );
}
