/** Replays what an account's keys did lately against a draft of a guardrail. Nothing is changed, sent or charged. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Clock } from '../clock.ts';
import { invalidField, TurnpikeError } from '../errors.ts';
import { pagesOfGenerations } from '../exports/pages.ts';
import { draftRow } from '../guardrails/draft.ts';
import type { GuardrailServices } from '../guardrails/services.ts';
import { asKeyIds } from '../keys/key-names.ts';
import { foldPolicy } from '../policy/fold.ts';
import type { Policy } from '../policy/policy.ts';
import type { Database, Db } from '../storage/database.ts';
import { holdGenerations } from '../storage/partitions.ts';
import type { GenerationTable } from '../storage/schema.ts';
import { findWorkspace } from '../tenancy/tenants.ts';
import { windowId } from '../window.ts';
import type { ReplayOrder } from './fields.ts';
import { type DraftBudget, type HolderKind, type PastRequest, Replay } from './past.ts';
import { type KeyOwner, keysConcerned, ownersOfKeys } from './store.ts';

export interface ReplayServices extends Pick<GuardrailServices, 'catalogue' | 'isProvider'> {
  readonly database: Database;
  readonly clock: Clock;
  readonly catalogue: () => Catalogue;
  /** Brings into the database what only the journal holds. */
  readonly flushed: () => Promise<unknown>;
}

export interface Replayed {
  readonly replay: Replay;
  readonly startMs: number;
  /** Where it ended: now, or the last request that was looked at. */
  readonly endMs: number;
  /** There were more requests than one replay reads. */
  readonly isTruncated: boolean;
  readonly owners: ReadonlyMap<string, KeyOwner>;
  readonly policy: Policy;
  readonly budget: DraftBudget | null;
}

const DAY_MS = 86_400_000;
/** Some ten seconds of reading. */
const MOST_REQUESTS = 500_000;
/** Each reads a snapshot of its own for as long as it lasts. */
const MOST_AT_ONCE = 2;
const MOST_WAITING = 100;

/** Throws a 400 that names the member, a 404 for a guardrail of nobody, and a 503 while very many others wait to replay. */
export function createReplay(
  services: ReplayServices,
): (accountId: string, order: ReplayOrder) => Promise<Replayed> {
  let running = 0;
  const waiting: (() => void)[] = [];
  async function takeTurn(): Promise<void> {
    if (waiting.length >= MOST_WAITING)
      throw new TurnpikeError('unavailable', {
        message: 'Other replays are running; repeat this request in a moment',
        retryAfterSeconds: 5,
      });
    if (running === MOST_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
  }
  function endTurn(): void {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
  return async (accountId, order) => {
    await takeTurn();
    try {
      return await replayed(services, accountId, order);
    } finally {
      endTurn();
    }
  };
}

async function replayed(services: ReplayServices, accountId: string, order: ReplayOrder): Promise<Replayed> {
  const { database, clock, catalogue, flushed } = services;
  const row = await draftRow(services, database.db, accountId, order.guardrail_id ?? null, order.draft);
  const keyHashes = await concerned(database.db, accountId, order, clock.nowMs());
  const via =
    order.key_hashes !== undefined ? 'key' : order.member_user_ids !== undefined ? 'member' : 'workspace';
  const place = { accountId, workspaceId: null, creatorUserId: null, keyHash: '' };
  const policy = foldPolicy([{ row: { ...row, via }, place }]);
  if (policy === null) throw new Error('a guardrail folds to a policy');
  const holders: readonly HolderKind[] = via === 'workspace' ? ['member', 'key'] : [via];
  const budget: DraftBudget | null =
    row.limit_nano_usd === null
      ? null
      : {
          ...{ limitNanoUsd: row.limit_nano_usd, window: row.reset_interval ?? 'all', holders },
          includesByok: row.include_byok_in_budgets === 1,
        };
  const nowMs = clock.nowMs();
  const startMs = nowMs - order.days * DAY_MS;
  const owners = new Map<string, KeyOwner>();
  const replay = new Replay({
    ...{ policy, budget, startMs },
    findModel: (slug) => catalogue().find(slug)?.model ?? null,
    creatorOf: (hash) => owners.get(hash)?.creator_user_id ?? null,
  });
  await flushed();
  const period = { startMs: readFrom(startMs, budget), endMs: nowMs };
  let seen = 0;
  let endMs = nowMs;
  await database.longSnapshot(async (db) => {
    await holdGenerations(db, database.engine);
    for await (const page of pagesOfGenerations(db, { accountId, keyHashes, ...period })) {
      await learnOwners(db, accountId, page, owners);
      for (const generation of page) replay.add(pastOf(generation));
      seen += page.length;
      const last = page.at(-1);
      if (seen < MOST_REQUESTS || last === undefined) continue;
      endMs = last.created_at_ms;
      break;
    }
  });
  return { replay, startMs, endMs, isTruncated: endMs < nowMs, owners, policy, budget };
}

/** Null: all keys of the account. */
async function concerned(
  db: Db,
  accountId: string,
  order: ReplayOrder,
  nowMs: number,
): Promise<readonly string[] | null> {
  const { workspace_id: workspaceId, key_hashes: named, member_user_ids: userIds } = order;
  if (workspaceId !== undefined && (await findWorkspace(db, accountId, workspaceId)) === undefined)
    throw invalidField('workspace_id', 'names no workspace');
  const hashes = named === undefined ? undefined : await asKeyIds(db, accountId, named, nowMs);
  if (workspaceId === undefined && userIds === undefined) return hashes ?? null;
  const found = await keysConcerned(db, accountId, {
    ...(workspaceId === undefined ? {} : { workspaceId }),
    ...(userIds === undefined ? {} : { userIds }),
  });
  return hashes === undefined ? found : found.filter((hash) => hashes.includes(hash));
}

/** What was spent in a window before the period counts in it too. All time has no beginning that could be read: it begins with the period. */
function readFrom(startMs: number, budget: DraftBudget | null): number {
  if (budget === null || budget.window === 'all') return startMs;
  const id = windowId(budget.window, startMs);
  let dayMs = Math.floor(startMs / DAY_MS) * DAY_MS;
  while (windowId(budget.window, dayMs - DAY_MS) === id) dayMs -= DAY_MS;
  return dayMs;
}

async function learnOwners(
  db: Db,
  accountId: string,
  page: readonly GenerationTable[],
  owners: Map<string, KeyOwner>,
): Promise<void> {
  const unknown = new Set(page.map(({ key_hash }) => key_hash).filter((hash) => !owners.has(hash)));
  for (const owner of await ownersOfKeys(db, accountId, [...unknown])) owners.set(owner.hash, owner);
}

function pastOf(row: GenerationTable): PastRequest {
  return {
    createdAtMs: row.created_at_ms,
    keyHash: row.key_hash,
    model: row.model_permaslug,
    endpointTag: row.endpoint_tag,
    isByok: row.is_byok === 1,
    costNanoUsd: row.cost_nano_usd,
    upstreamCostNanoUsd: row.upstream_cost_nano_usd,
  };
}
