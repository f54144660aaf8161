/** The roles, and what each may do. */
import type { Option } from '../../shared/components/select.tsx';
import type { Role } from '../../shared/session/session-query.ts';

export const ROLE_LABELS: Readonly<Record<Role, string>> = {
  member: 'Member',
  admin: 'Admin',
  owner: 'Owner',
};

export const ROLE_NOUNS: Readonly<Record<Role, string>> = {
  member: 'a member',
  admin: 'an admin',
  owner: 'an owner',
};

export const ROLE_MEANINGS: Readonly<Record<Role, string>> = {
  member: 'Members manage the keys that they made themselves, and see nobody else’s.',
  admin: 'Admins manage everybody’s keys, apps and members, and can invite others.',
  owner: 'Owners can do everything, and nobody but another owner can take that from them.',
};

export const ROLE_HINT =
  'Members manage their own keys. Admins manage all keys, apps and members. Owners can also make others owners.';

/** Only an owner makes owners. */
export function roleOptions(own: Role): Option[] {
  const roles: Role[] = own === 'owner' ? ['member', 'admin', 'owner'] : ['member', 'admin'];
  return roles.map((role) => ({ value: role, label: ROLE_LABELS[role] }));
}
