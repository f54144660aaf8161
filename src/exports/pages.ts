/** Generations of an account in the order of time, page by page: memory holds one page, however many there are. */
import type { Db } from '../storage/database.ts';
import type { GenerationTable } from '../storage/schema.ts';
import { type Place, pageOfGenerations, type Selection } from './store.ts';

const PAGE_ROWS = 1000;

/** `db`: of a snapshot, or pages may overlap what is settled meanwhile. */
export async function* pagesOfGenerations(db: Db, selection: Selection): AsyncGenerator<GenerationTable[]> {
  let after: Place | null = null;
  while (true) {
    const page: GenerationTable[] = await pageOfGenerations(db, selection, after, PAGE_ROWS);
    if (page.length > 0) yield page;
    if (page.length < PAGE_ROWS) return;
    after = page.at(-1) ?? null;
  }
}
