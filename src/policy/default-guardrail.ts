/** The guardrails that bind without being assigned: a workspace's default one, and the organisation's own. Known by ids that follow from whom they bind. */
import { derivedId } from '../ids.ts';

/** The namespace of these ids (RFC 9562, version 5): drawn once, and never changed. */
const NAMESPACE = '7d1b2c1e-5f0a-4d6e-9b0b-3a1f4c2d8e90';

/** `workspaces[].default_guardrail_id`. */
export function defaultGuardrailId(workspaceId: string): string {
  return derivedId(NAMESPACE, `workspace ${workspaceId}`);
}

export function defaultGuardrailName(workspaceId: string): string {
  return `Workspace ${workspaceId} Default`;
}

/** Ours: over every key of the account, in every workspace. */
export function accountGuardrailId(accountId: string): string {
  return derivedId(NAMESPACE, `account ${accountId}`);
}

export const ACCOUNT_GUARDRAIL_NAME = 'Whole organisation';
