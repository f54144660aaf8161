/** What the pages hear of the identity provider that pushes people and groups. */
import { z } from 'zod';

const moment = z.iso.datetime();

export const mapping = z.strictObject({
  id: z.string(),
  organization_id: z.string(),
  scim_group_id: z.string(),
  workspace_id: z.string(),
  role: z.enum(['admin', 'member']),
  created_at: moment,
  updated_at: moment,
});

export const scimOverview = z.strictObject({
  /** Where it sends them. */
  base_url: z.string(),
  users: z.int(),
  active_users: z.int(),
  groups: z.array(
    z.strictObject({
      id: z.string(),
      display_name: z.string(),
      /** How many. */
      members: z.int(),
    }),
  ),
  mappings: z.array(mapping),
});

export type ScimOverview = z.infer<typeof scimOverview>;
