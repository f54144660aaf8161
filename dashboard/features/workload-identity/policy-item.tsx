/** One policy in the list: whom it trusts, as what, and what one can do about it. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { messageOf } from '../../shared/api/request.ts';
import { Badge } from '../../shared/components/badge.tsx';
import { Button, IconButton } from '../../shared/components/button.tsx';
import { Switch } from '../../shared/components/choice.tsx';
import { CopyableText } from '../../shared/components/copy-button.tsx';
import { Facts } from '../../shared/components/facts.tsx';
import { TrashIcon } from '../../shared/components/icons.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { changePolicy } from './api/change-policy.ts';
import { policiesQuery } from './api/list-policies.ts';
import type { Issuer, Policy, TargetKey } from './trust.ts';

export type PolicyAction = 'use' | 'edit' | 'delete';

export function PolicyItem({
  policy,
  issuer,
  targetKey,
  onAct,
}: {
  policy: Policy;
  issuer: Issuer | undefined;
  /** Undefined: it is deleted. */
  targetKey: TargetKey | undefined;
  onAct: (action: PolicyAction) => void;
}) {
  const name = plainName(policy.name);
  return (
    <li className="grid gap-3 py-4 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
        <h3 className="min-w-0 flex-1 basis-64 font-semibold">
          <Untrusted>{policy.name}</Untrusted>
        </h3>
        <div className="flex flex-wrap items-center max-sm:w-full">
          <EnabledSwitch policy={policy} />
          <Button
            variant="ghost"
            className="ml-2 max-sm:ml-auto"
            aria-label={`How to use ${name}`}
            onClick={() => onAct('use')}
          >
            Use
          </Button>
          <Button variant="ghost" aria-label={`Edit ${name}`} onClick={() => onAct('edit')}>
            Edit
          </Button>
          <IconButton label={`Delete ${name}`} onClick={() => onAct('delete')}>
            <TrashIcon />
          </IconButton>
        </div>
      </div>
      <Facts
        facts={[
          { label: 'Policy id', value: <CopyableText text={policy.id} label={`policy id of ${name}`} /> },
          { label: 'Issuer', value: <Untrusted>{issuer?.name ?? 'Unknown'}</Untrusted> },
          { label: 'Subject', value: <Claim>{policy.subject}</Claim> },
          { label: 'Audience', value: <Claim>{policy.audience}</Claim> },
          { label: 'Scope', value: policy.required_scope && <Claim>{policy.required_scope}</Claim> },
          {
            label: 'Token type',
            value: policy.required_token_type && <Claim>{policy.required_token_type}</Claim>,
          },
          { label: 'Acts as', value: <ActsAs targetKey={targetKey} /> },
        ]}
      />
    </li>
  );
}

function Claim({ children }: { children: string }) {
  return (
    <code className="font-mono text-xs break-all">
      <bdi>{children}</bdi>
    </code>
  );
}

function ActsAs({ targetKey }: { targetKey: TargetKey | undefined }) {
  if (targetKey === undefined) return <Badge tone="danger">A key that is deleted</Badge>;
  return (
    <>
      <Untrusted>{targetKey.name}</Untrusted>{' '}
      <code className="font-mono text-xs text-muted">{targetKey.label}</code>{' '}
      {targetKey.disabled && <Badge tone="warning">Disabled</Badge>}
    </>
  );
}

/** Takes effect at once. */
function EnabledSwitch({ policy }: { policy: Policy }) {
  const queries = useQueryClient();
  const toast = useToast();
  const switching = useMutation({
    mutationFn: (enabled: boolean) => changePolicy(policy.id, { enabled }),
    onSuccess: ({ name, enabled }) => {
      toast(enabled ? `${plainName(name)} is enabled` : `${plainName(name)} is paused`);
      return queries.invalidateQueries({ queryKey: policiesQuery.queryKey });
    },
    onError: (error) => toast(messageOf(error), { tone: 'danger' }),
  });
  return (
    <Switch
      label={
        <>
          Enabled<span className="sr-only"> {plainName(policy.name)}</span>
        </>
      }
      checked={switching.isPending ? switching.variables : policy.enabled}
      disabled={switching.isPending}
      onChange={(enabled) => switching.mutate(enabled)}
    />
  );
}
