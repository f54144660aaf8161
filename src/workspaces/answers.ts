/** Workspaces and who works in them, as the management API and the pages hear of them. */
import { z } from 'zod';

const moment = z.iso.datetime();
export const workspaceRole = z.enum(['admin', 'member']);

export const workspace = z.strictObject({
  id: z.uuid(),
  name: z.string(),
  slug: z.string(),
  description: z.string().nullable(),
  created_at: moment,
  updated_at: moment.nullable(),
  created_by: z.string().nullable(),
  default_text_model: z.string().nullable(),
  default_image_model: z.string().nullable(),
  default_provider_sort: z.string().nullable(),
  default_guardrail_id: z.uuid(),
  is_observability_io_logging_enabled: z.boolean(),
  is_observability_broadcast_enabled: z.boolean(),
  is_data_discount_logging_enabled: z.boolean(),
  io_logging_sampling_rate: z.number(),
  /** Null: all keys. */
  io_logging_api_key_ids: z.array(z.int()).nullable(),
  disabled_server_tools: z.array(z.string()).nullable(),
});

/** As the pages see it. */
export const pageWorkspace = workspace.extend({
  is_default: z.boolean(),
  /** Of whoever asks. */
  role: workspaceRole,
});

export const workspaceMember = z.strictObject({
  id: z.uuid(),
  workspace_id: z.uuid(),
  user_id: z.string(),
  role: workspaceRole,
  created_at: moment,
});

/** As the pages see it. */
export const pageWorkspaceMember = workspaceMember.extend({
  name: z.string(),
  email: z.string(),
  /** Where the role is from: of the organisation's admins everywhere, of groups, or given here. */
  source: z.enum(['organisation', 'groups', 'workspace']),
  is_you: z.boolean(),
});

export const workspaceList = z.strictObject({ data: z.array(pageWorkspace), total_count: z.int() });
export const workspaceMemberList = z.strictObject({
  data: z.array(pageWorkspaceMember),
  total_count: z.int(),
});

export const organizationMember = z.strictObject({
  id: z.string(),
  email: z.string(),
  first_name: z.string().nullable(),
  last_name: z.string().nullable(),
  role: z.enum(['org:admin', 'org:member']),
});

export const organizationSettings = z.strictObject({
  id: z.string(),
  is_filtered_model_catalog_enabled: z.boolean(),
  /** Ours: how old a key's secret may be; null: as old as it likes. */
  key_rotation_days: z.int().nullable(),
  /** Ours: whether an older one is refused. */
  is_key_rotation_enforced: z.boolean(),
});

export type Workspace = z.infer<typeof workspace>;
export type PageWorkspace = z.infer<typeof pageWorkspace>;
export type WorkspaceMember = z.infer<typeof workspaceMember>;
export type PageWorkspaceMember = z.infer<typeof pageWorkspaceMember>;
export type OrganizationMember = z.infer<typeof organizationMember>;
export type OrganizationSettings = z.infer<typeof organizationSettings>;
