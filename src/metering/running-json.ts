/** A request that still runs, as far as it is known before its end. No I/O. */
import { isoFromMs } from '../clock.ts';
import type { RunningAnswer } from './answers.ts';
import type { Generation } from './generation.ts';
import type { RunningRequest } from './spend-log.ts';

export function runningJson({ id, createdAtMs, model, members }: RunningRequest): RunningAnswer {
  const row = JSON.parse(members) as Partial<Generation>;
  return {
    ...{ id, created_at: isoFromMs(createdAtMs) },
    model: row.model_permaslug ?? model,
    provider_name: row.provider_name ?? null,
    request_id: row.request_id ?? null,
    api_type: row.api_type ?? null,
    streamed: row.streamed === 1,
    app_title: row.app_title ?? null,
    session_id: row.session_id ?? null,
  };
}

/** Null: its key belongs to none. */
export function workspaceOf({ members }: Pick<RunningRequest, 'members'>): string | null {
  return (JSON.parse(members) as Partial<Generation>).workspace_id ?? null;
}
