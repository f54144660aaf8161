/**
 * Tells when so and so much of a budget is used: once for each part and each window of it, whichever node sees it first and whatever
 * crashes. It goes by what the database has of a counter, behind the flush that brought it there, and looks again at the start.
 */

import { DEFAULT_ALERT_PERCENTS } from '../allowances/allowances.ts';
import {
  findAllBudgets,
  findBudgetsAmong,
  findPlace,
  readPercents,
  readTagBudget,
} from '../allowances/read-allowances.ts';
import type { Clock } from '../clock.ts';
import { newId } from '../ids.ts';
import type { ScopeKind } from '../limits/scope-kind.ts';
import { GUARDRAIL_REACHES, guardrailScopeOf } from '../limits/scope-kinds/guardrail-budget.ts';
import { TAG_SCOPE, tagPlaceOf } from '../limits/scope-kinds/tag-budget.ts';
import { workspaceOfScope, workspaceScopeId } from '../limits/scope-kinds/workspace-budget.ts';
import type { Logger } from '../log.ts';
import { usdFromNanoUsd } from '../money.ts';
import { tellNews } from '../notifications/tell.ts';
import { readGuardrailBudget } from '../policy/read-budget.ts';
import type { Database } from '../storage/database.ts';
import { BUDGET_INTERVALS, WORKSPACE_SCOPE } from '../storage/limit-tables.ts';
import { windowId } from '../window.ts';
import { counted, type SpendReader } from './spend.ts';
import { insertAlert } from './store.ts';

export interface AlertServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly kinds: readonly ScopeKind[];
  /** What the database has by now: a flush that brings more is told too. */
  readonly stored: SpendReader;
}

/** Long enough to look once for what several flushes brought. */
const LOOK_AFTER_MS = 300;
const GUARDRAIL_KINDS: ReadonlySet<string> = new Set(GUARDRAIL_REACHES.map(({ kind }) => kind));

const isWatched = (kind: string): boolean =>
  kind === WORKSPACE_SCOPE || kind === TAG_SCOPE || GUARDRAIL_KINDS.has(kind);

interface WatchedScope {
  readonly kind: string;
  readonly id: string;
}

interface Place {
  readonly accountId: string;
  readonly workspaceId: string | null;
  /** Of the workspace, the guardrail, or the tag: never a tag's value, which a caller has typed. */
  readonly name: string;
}

export class BudgetAlerts {
  readonly #services: AlertServices;
  /** By their names. */
  readonly #waiting = new Map<string, WatchedScope>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(services: AlertServices) {
    this.#services = services;
  }

  /** A process may have ended between a flush and its alert. */
  async start(): Promise<void> {
    for (const { workspace_id, period } of await findAllBudgets(this.#services.database.db))
      this.#look(WORKSPACE_SCOPE, workspaceScopeId(workspace_id, period));
  }

  /** The flusher has added to these counters. */
  flushed(counters: readonly { readonly scope_kind: string; readonly scope_id: string }[]): void {
    for (const { scope_kind, scope_id } of counters)
      if (isWatched(scope_kind)) this.#look(scope_kind, scope_id);
  }

  /** A budget that is lowered may be used up at once. */
  changed(workspaceId: string): void {
    for (const interval of BUDGET_INTERVALS)
      this.#look(WORKSPACE_SCOPE, workspaceScopeId(workspaceId, interval));
  }

  /** Call after the last flush: what it brought is looked at. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.told();
  }

  /** Looks at everything that waits, now. */
  async told(): Promise<void> {
    this.#running = this.#running.then(() => this.#lookAtAll());
    await this.#running;
  }

  #look(kind: string, id: string): void {
    if (this.#stopped) return;
    this.#waiting.set(`${kind} ${id}`, { kind, id });
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.told();
    }, LOOK_AFTER_MS);
  }

  async #lookAtAll(): Promise<void> {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    let limited: readonly WatchedScope[] = [];
    try {
      limited = await this.#withBudget(waiting);
    } catch (error) {
      this.#lookLater(waiting, error);
    }
    for (const scope of limited) {
      try {
        await this.#lookAt(scope);
      } catch (error) {
        this.#lookLater([scope], error);
      }
    }
  }

  /** With whatever comes next. */
  #lookLater(scopes: readonly WatchedScope[], error: unknown): void {
    this.#services.logger.warn('budget_not_looked_at', { error });
    for (const scope of scopes) this.#waiting.set(`${scope.kind} ${scope.id}`, scope);
  }

  /** A flush counts in all four scopes of every workspace, whether or not it has budgets: one question tells which do. */
  async #withBudget(waiting: readonly WatchedScope[]): Promise<readonly WatchedScope[]> {
    const ofWorkspaces = waiting.filter(({ kind }) => kind === WORKSPACE_SCOPE);
    const workspaceIds = new Set(ofWorkspaces.map(({ id }) => workspaceOfScope(id)));
    const rows = await findBudgetsAmong(this.#services.database.db, [...workspaceIds]);
    const limited = new Set(rows.map(({ workspace_id, period }) => workspaceScopeId(workspace_id, period)));
    return waiting.filter(({ kind, id }) => kind !== WORKSPACE_SCOPE || limited.has(id));
  }

  async #lookAt({ kind, id }: WatchedScope): Promise<void> {
    const { database, clock, kinds, stored, logger } = this.#services;
    const limit = await kinds.find((known) => known.kind === kind)?.readLimit(database.db, id);
    const limitNanoUsd = limit?.limitNanoUsd ?? 0n;
    if (limit === undefined || limit === null || limitNanoUsd === 0n) return;
    const place = await this.#placeOf(kind, id);
    if (place === null) return;
    const percents =
      place.workspaceId === null
        ? DEFAULT_ALERT_PERCENTS
        : await readPercents(database.db, place.workspaceId);
    const nowMs = clock.nowMs();
    const window = windowId(limit.windowKind, nowMs);
    const [spent] = await stored([{ kind, id, windowId: window }]);
    const spentNanoUsd = spent === undefined ? 0n : counted(spent, limit.countsByok);
    for (const percent of percents) {
      if (spentNanoUsd * 100n < limitNanoUsd * BigInt(percent)) continue;
      const alert = {
        ...{ scope_kind: kind, scope_id: id, window_id: window, limit_nano_usd: limitNanoUsd, percent },
        ...{ id: newId(), account_id: place.accountId, workspace_id: place.workspaceId },
        ...{ spent_nano_usd: spentNanoUsd, at_ms: nowMs },
      };
      const isFirst = await database.transaction(async (trx) => {
        if (!(await insertAlert(trx, alert))) return false;
        return await tellNews(trx, {
          ...{ kind: 'budget.spent', accountId: place.accountId, workspaceId: place.workspaceId, nowMs },
          data: {
            ...{ scope: kind, name: place.name, percent, window },
            limit_usd: usdFromNanoUsd(limitNanoUsd),
            spent_usd: usdFromNanoUsd(spentNanoUsd),
          },
        });
      });
      if (!isFirst) continue;
      // Without the scope's id: that of a tag holds what somebody has typed.
      const { scope_id: _, ...told } = alert;
      logger.warn('budget_alert', told);
    }
  }

  async #placeOf(kind: string, id: string): Promise<Place | null> {
    const { db } = this.#services.database;
    if (GUARDRAIL_KINDS.has(kind)) {
      const { accountId, guardrailId } = guardrailScopeOf(id);
      const budget = await readGuardrailBudget(db, accountId, guardrailId);
      return budget === null ? null : { accountId, workspaceId: budget.workspaceId, name: budget.name };
    }
    const tag = kind === WORKSPACE_SCOPE ? null : await readTagBudget(db, tagPlaceOf(id).budgetId);
    const workspaceId = kind === WORKSPACE_SCOPE ? workspaceOfScope(id) : tag?.workspaceId;
    if (workspaceId === undefined) return null;
    const place = await findPlace(db, workspaceId);
    if (place === undefined) return null;
    return { accountId: place.account_id, workspaceId, name: tag?.budget.name ?? place.name };
  }
}
