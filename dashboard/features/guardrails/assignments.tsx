/** Whom a guardrail is assigned to: keys and members, each of which holds one at a time. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button, IconButton } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { CloseIcon } from '../../shared/components/icons.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import {
  assignedKeysQuery,
  assignedMembersQuery,
  assignKey,
  assignMember,
  unassignKey,
  unassignMember,
} from './api/assignments.ts';
import { assignableKeysQuery, assignableMembersQuery } from './api/list-assignable.ts';

interface Holder {
  readonly id: string;
  readonly label: string;
}

export function Assignments({ id }: { id: string }) {
  const keys = useQuery(assignedKeysQuery(id));
  const members = useQuery(assignedMembersQuery(id));
  const everyKey = useQuery(assignableKeysQuery);
  const everyMember = useQuery(assignableMembersQuery);
  const nameOfMember = (userId: string) =>
    everyMember.data?.find(({ user_id }) => user_id === userId)?.name ?? userId;
  const failed = keys.isError ? keys : members.isError ? members : null;
  if (failed !== null)
    return (
      <LoadError
        title="The assignments could not be loaded"
        error={failed.error}
        onRetry={() => void failed.refetch()}
      />
    );
  if (keys.data === undefined || members.data === undefined) return <Loading label="Loading assignments" />;
  return (
    <Card
      title="Assigned to"
      description="A key or a member holds one guardrail: this one takes the place of another."
    >
      <div className="grid gap-6 sm:grid-cols-2">
        <Holders
          title="Keys"
          noun="key"
          holders={keys.data.data.map(({ key_hash, key_name, key_label }) => ({
            id: key_hash,
            label: plainName(key_name) || key_label,
          }))}
          total={keys.data.total_count}
          others={(everyKey.data ?? []).map(({ hash, name, label }) => ({
            id: hash,
            label: `${plainName(name) || label} (${label})`,
          }))}
          assign={(hash) => assignKey(id, hash)}
          unassign={(hash) => unassignKey(id, hash)}
        />
        <Holders
          title="Members"
          noun="member"
          holders={members.data.data.map(({ user_id }) => ({ id: user_id, label: nameOfMember(user_id) }))}
          total={members.data.total_count}
          others={(everyMember.data ?? []).map(({ user_id, name, email }) => ({
            id: user_id,
            label: `${plainName(name)} (${email})`,
          }))}
          assign={(userId) => assignMember(id, userId)}
          unassign={(userId) => unassignMember(id, userId)}
        />
      </div>
    </Card>
  );
}

function Holders({
  title,
  noun,
  holders,
  total,
  others,
  assign,
  unassign,
}: {
  title: string;
  noun: string;
  holders: readonly Holder[];
  total: number;
  /** Of everybody, those who hold it among them. */
  others: readonly Holder[];
  assign: (id: string) => Promise<void>;
  unassign: (id: string) => Promise<void>;
}) {
  const queries = useQueryClient();
  const [chosen, setChosen] = useState('');
  const refresh = () => queries.invalidateQueries({ queryKey: ['guardrails'] });
  const assigning = useMutation({
    mutationFn: assign,
    onSuccess: async () => {
      setChosen('');
      await refresh();
    },
  });
  const freeing = useMutation({ mutationFn: unassign, onSuccess: refresh });
  const free = others.filter((other) => !holders.some((holder) => holder.id === other.id));
  const failure = assigning.error ?? freeing.error;
  return (
    <section className="grid min-w-0 content-start gap-3" aria-label={title}>
      <h3 className="font-medium">{title}</h3>
      {holders.length === 0 ? (
        <p className="text-muted">None yet.</p>
      ) : (
        <ul className="divide-y divide-border rounded-lg border border-border">
          {holders.map((holder) => (
            <li key={holder.id} className="flex items-center justify-between gap-2 py-1 pr-1 pl-3">
              <span className="min-w-0 wrap-anywhere">
                <Untrusted>{holder.label}</Untrusted>
              </span>
              <IconButton label={`Take it off ${holder.label}`} onClick={() => freeing.mutate(holder.id)}>
                <CloseIcon />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
      {total > holders.length && <p className="text-muted">And {total - holders.length} more.</p>}
      {failure !== null && <Alert tone="danger">{messageOf(failure)}</Alert>}
      <div className="flex items-end gap-2">
        <SelectField
          className="min-w-0 flex-1"
          label={`Another ${noun}`}
          options={[
            { value: '', label: free.length === 0 ? `No other ${noun}` : `Choose a ${noun}` },
            ...free.map(({ id, label }) => ({ value: id, label })),
          ]}
          value={chosen}
          onChange={(event) => setChosen(event.target.value)}
        />
        <Button
          variant="secondary"
          disabled={chosen === ''}
          isBusy={assigning.isPending}
          onClick={() => assigning.mutate(chosen)}
        >
          Assign
        </Button>
      </div>
    </section>
  );
}
