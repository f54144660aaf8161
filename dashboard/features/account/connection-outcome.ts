/** What came of connecting an account at a provider, as the address says to which the browser comes back. */

export const ACCOUNT_PAGE = '/settings/account';

export const connectedPage = (provider: string): string =>
  `${ACCOUNT_PAGE}?${new URLSearchParams({ connected: provider })}`;

export interface ConnectionOutcome {
  /** The id of a provider. */
  readonly connected: string | null;
  readonly problem: string | null;
}

const TOO_LATE = 'It took too long, or was started in another browser. Try again.';

/** By the code in the address. Whatever else stands there could be anybody's text, and is not shown. */
const PROBLEMS: Readonly<Record<string, string>> = {
  access_denied: 'It was cancelled at the provider, or the provider refused it.',
  account_already_linked_to_different_user:
    'That account at the provider belongs to another user here. Whoever that is must disconnect it first.',
  unable_to_link_account:
    'The provider has not verified the e-mail address of that account, or your session here ended meanwhile.',
  state_mismatch: TOO_LATE,
  state_not_found: TOO_LATE,
  please_restart_the_process: TOO_LATE,
  rate_limit_exceeded: 'There were too many attempts. Wait some minutes, then try again.',
};

export function connectionOutcomeOf(search: string): ConnectionOutcome {
  const query = new URLSearchParams(search);
  const code = query.get('error');
  if (code === null) return { connected: query.get('connected'), problem: null };
  const known = Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code] : undefined;
  return {
    connected: null,
    problem: known ?? 'The provider did not answer as it should. Try again in a while.',
  };
}
