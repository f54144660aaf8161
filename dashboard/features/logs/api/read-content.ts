/** What was asked and answered, where its workspace keeps that. Each reading is written to the audit log. */
import { requestData } from '../../../shared/api/request.ts';

export interface Content {
  readonly input: { readonly prompt?: string; readonly messages?: readonly unknown[] };
  readonly output: {
    readonly completion: string | null;
    readonly reasoning: string | null;
    readonly tool_calls?: readonly unknown[];
    readonly choices?: readonly unknown[];
  };
  readonly error: { readonly status: number; readonly message: string; readonly raw: string | null } | null;
  readonly request: { readonly door: string; readonly body: unknown };
}

export const readContent = (id: string): Promise<Content> =>
  requestData<Content>('GET', `/api/dashboard/generations/${encodeURIComponent(id)}/content`);
