/**
 * The one place at which the content filters of a key look at a request: as its body came, before its dialect reads it, a provider is
 * chosen, anything is held or recorded. What comes after sees nothing else than what may be sent.
 */
import type { Principal } from '../auth/principal.ts';
import { textsOf } from '../chat/texts.ts';
import { TurnpikeError } from '../errors.ts';
import { type Filtered, filterTexts } from '../filters/apply.ts';
import { compileFilters } from '../filters/compile.ts';
import { blockedLabel } from '../filters/filter.ts';
import type { FilterReport } from '../filters/outcome.ts';
import type { JsonObject } from '../json.ts';
import { blockedMetadata, wantsRouterMetadata } from './router-metadata.ts';

export interface FilteredBody {
  /** Of the body as it is now, and never less than of the one that came: placeholders may be longer than what they replace. */
  readonly bytes: number;
  readonly report: FilterReport;
}

/**
 * Looks at a body, and rewrites in it what has to be redacted. Throws the 403 of what has to be blocked, and a 503 where a filter that
 * guards something could not be run.
 * @returns null at once where no filter applies, as to nearly every request
 */
export function filterBody(
  { policy = null }: Pick<Principal, 'policy'>,
  body: JsonObject,
  bytes: number,
  headers: Headers,
): null | FilteredBody | Promise<FilteredBody> {
  if (policy === null || policy.filters.length === 0) return null;
  const filtered = filterTexts(compileFilters(policy.filters), textsOf(body));
  return filtered instanceof Promise
    ? filtered.then((done) => filteredBody(done, body, bytes, headers))
    : filteredBody(filtered, body, bytes, headers);
}

function filteredBody(filtered: Filtered, body: JsonObject, bytes: number, headers: Headers): FilteredBody {
  const { blocked, hasChanged, hasFailed, report } = filtered;
  if (blocked !== null) {
    const error = blockedError(blocked);
    if (wantsRouterMetadata(headers)) error.routing = blockedMetadata(body['model'], report);
    throw error;
  }
  if (hasFailed)
    throw new TurnpikeError('unavailable', {
      message: 'A content filter could not look at this request; nothing was sent',
      detail: `content filters failed: ${report.failed.map(({ filter }) => filter).join(', ')}`,
    });
  return { bytes: hasChanged ? Math.max(bytes, Buffer.byteLength(JSON.stringify(body))) : bytes, report };
}

/** In OpenRouter's words. Neither names what was found: it may be what nobody should read. */
function blockedError({ filter, names }: NonNullable<Filtered['blocked']>): TurnpikeError {
  if (filter.kind === 'builtin' && filter.slug === 'regex-prompt-injection')
    return new TurnpikeError('content_blocked', {
      message: 'Request blocked: prompt injection patterns detected',
      metadata: { patterns: names },
    });
  return new TurnpikeError('content_blocked', {
    message: `Request blocked by content filter: ${blockedLabel(filter)}`,
  });
}
