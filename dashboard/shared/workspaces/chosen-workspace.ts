/** Which workspace the pages show: its slug stands in the address, and is remembered in this browser. */
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import type { PageWorkspace } from '../../../src/workspaces/answers.ts';
import { workspacesQuery } from './workspaces-query.ts';

const STORED_AS = 'turnpike-workspace';

/** Storage can be switched off: then it lasts as long as the page. */
let kept: string | null = null;

/** Null: all of them. */
export function rememberedWorkspace(): string | null {
  try {
    return localStorage.getItem(STORED_AS);
  } catch {
    return kept;
  }
}

/** Null: all of them. */
export function rememberWorkspace(slug: string | null): void {
  kept = slug;
  try {
    if (slug === null) localStorage.removeItem(STORED_AS);
    else localStorage.setItem(STORED_AS, slug);
  } catch {
    // As above.
  }
}

/** What an address says, or what is remembered where it says nothing. */
export function askedWorkspace(search: { readonly workspace?: unknown }): string | null {
  const { workspace } = search;
  return typeof workspace === 'string' && workspace !== '' ? workspace : rememberedWorkspace();
}

/**
 * Null: all workspaces, also where the one that is asked for is none of theirs. Known at once on pages behind the sign-in: the router
 * loads the list first where one is asked for.
 */
export function useChosenWorkspace(): PageWorkspace | null {
  const asked = askedWorkspace(useSearch({ strict: false }) as { readonly workspace?: unknown });
  const workspaces = useQuery(workspacesQuery).data ?? [];
  if (asked === null || workspaces.length < 2) return null;
  return workspaces.find(({ slug }) => slug === asked) ?? null;
}

/** As figures are narrowed to it. */
export const onlyOf = (workspace: PageWorkspace | null): Readonly<Record<string, readonly string[]>> =>
  workspace === null ? {} : { workspace: [workspace.id] };
