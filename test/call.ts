/** Any call of the API of ours, with a key. */
import type { TestGateway } from './harness.ts';

export interface Called {
  readonly status: number;
  readonly text: string;
  /** `{}` where the answer has no body. */
  // biome-ignore lint/suspicious/noExplicitAny: it is what a test looks into.
  readonly json: any;
}

/** Paths are those behind the base URL; without a key it is the management key that calls. */
export function callerOf(gateway: () => Pick<TestGateway, 'baseUrl' | 'managementKey'>) {
  return async (
    method: string,
    path: string,
    body?: unknown,
    key = gateway().managementKey,
  ): Promise<Called> => {
    const answer = await fetch(`${gateway().baseUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, text, json: text === '' ? {} : JSON.parse(text) };
  };
}
