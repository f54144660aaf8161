/** In which order a request's endpoints were to be tried, as its record keeps it: for whoever asks why this one answered. */
import type { Endpoint } from '../catalogue/model.ts';
import type { Candidate } from '../routing/plan.ts';

/** What comes behind these is asked only when all of them have failed. */
const MOST_PLANNED = 16;

/** Of the text, an endpoint's part: its tag and its model, and 1 where it was to be called with the caller's own key. */
export type PlannedEndpoint = readonly [tag: string, model: string, isOwn?: 1];

/** Null: there was one alone, and the record says which. */
export function planText(planned: readonly Candidate[]): string | null {
  if (planned.length < 2) return null;
  let text = '';
  for (let at = 0; at < planned.length && at < MOST_PLANNED; at += 1) {
    const candidate = planned[at];
    if (candidate === undefined) break;
    const { model, endpoint, credential } = candidate;
    text += `${at === 0 ? '' : ','}[${namesOf(endpoint, model.id)}${credential?.kind === 'byok' ? ',1' : ''}]`;
  }
  return `[${text}]`;
}

/** Written once for each endpoint, which is of one model. */
const names = new WeakMap<Endpoint, string>();

function namesOf(endpoint: Endpoint, modelId: string): string {
  const known = names.get(endpoint);
  if (known !== undefined) return known;
  const text = `${JSON.stringify(endpoint.tag)},${JSON.stringify(modelId)}`;
  names.set(endpoint, text);
  return text;
}
