/** What is told, as a letter. */
import { type Letter, letter } from '../mail/mail-texts.ts';
import type { NewsData, NewsKind } from '../notifications/news.ts';

interface Words {
  readonly subject: string;
  readonly why: string;
  readonly action: string;
  /** Of the page that it leads to. */
  readonly path: string;
}

const keyPath = ({ key_hash }: { readonly key_hash: string }) => `/keys/${key_hash}`;
const keyName = ({ key_name, key_label }: { readonly key_name: string; readonly key_label: string }) =>
  `"${key_name}" (${key_label})`;
const dollars = (usd: number) => `${usd < 0 ? '-' : ''}$${Math.abs(usd).toFixed(2)}`;

const REASONS = {
  never_used: 'never used',
  stale: 'not used for long',
  no_limit_and_no_expiry: 'neither a limit nor an end',
  leaked: 'found in public',
} as const;

const LEAKED = {
  quarantined:
    'It was switched off at once, with every key that it made. Replace its secret, and it works again with the new one.',
  reported: 'It was not switched off: replace its secret now.',
  secret_ended: 'It was an earlier secret of the key, and works no more. The present one was not found.',
} as const;

const WORDS: { readonly [Kind in NewsKind]: (data: NewsData[Kind]) => Words } = {
  'key.leaked': (data) => ({
    subject: 'An API key of yours is public',
    why: `The API key ${keyName(data)} was found where everybody can read it${data.url === null || data.url === '' ? '' : `: ${data.url}`}. ${LEAKED[data.action]}`,
    action: data.action === 'secret_ended' ? 'See the key' : 'Replace it',
    path: keyPath(data),
  }),
  'key.limit_near': (data) => ({
    subject: `An API key has used ${data.percent} % of its limit`,
    why: `The API key ${keyName(data)} has used ${dollars(data.spent_usd)} of ${dollars(data.limit_usd)}.`,
    action: 'See what it spends',
    path: keyPath(data),
  }),
  'key.limit_reached': (data) => ({
    subject: 'An API key has reached its limit',
    why: `The API key ${keyName(data)} has used up its limit of ${dollars(data.limit_usd)}: requests that cost something are refused.`,
    action: 'Raise the limit',
    path: keyPath(data),
  }),
  'key.created': (data) => ({
    subject: 'Somebody made an API key of yours',
    why: `The API key ${keyName(data)} was made in your name by ${data.by}.`,
    action: 'See the key',
    path: keyPath(data),
  }),
  'key.disabled': (data) => ({
    subject: 'An API key of yours was disabled',
    why: `The API key ${keyName(data)} was disabled by ${data.by}: whatever uses it is refused.`,
    action: 'See the key',
    path: keyPath(data),
  }),
  'keys.report': (data) => ({
    subject: `${data.total} API keys to look at`,
    why: `Of the keys of your organisation, these give more than seems to be needed:\n\n${data.findings
      .map((found) => `- ${keyName(found)}: ${REASONS[found.reason]}`)
      .join(
        '\n',
      )}${data.total > data.findings.length ? `\n\nand ${data.total - data.findings.length} more.` : ''}`,
    action: 'See all of them',
    path: '/settings/key-report',
  }),
  'credits.low': (data) => ({
    subject: data.percent >= 100 ? 'Your credits are used up' : `${data.percent} % of your credits are spent`,
    why:
      data.percent >= 100
        ? `The balance of your organisation is ${dollars(data.balance_usd)}: requests that cost something are refused until credits are added.`
        : `${data.percent} % of the credits of your organisation are spent. ${dollars(data.balance_usd)} is left.`,
    action: 'Add credits',
    path: '/credits',
  }),
  'credits.top_up_stopped': (data) => ({
    subject: 'Automatic top-up was switched off',
    why: `An automatic top-up of your organisation's credits failed: ${data.reason}. It was switched off, and nothing is charged any more.`,
    action: 'Switch it on again, or add credits',
    path: '/credits',
  }),
  'budget.spent': (data) => ({
    subject: `${data.percent} % of a budget is spent`,
    why: `Of the budget "${data.name}", ${dollars(data.spent_usd)} of ${dollars(data.limit_usd)} is spent.`,
    action: 'See the spend',
    path: '/activity',
  }),
  'provider.benched': (data) => ({
    subject: `${data.provider} is out of use`,
    why: `Requests go round ${nameOf(data)}: ${data.reason}.`,
    action: 'See the providers',
    path: '/settings/providers',
  }),
  'provider.back': (data) => ({
    subject: `${data.provider} is back`,
    why: `${nameOf(data)} answers again, and is used as before.`,
    action: 'See the providers',
    path: '/settings/providers',
  }),
  'own_key.refused': (data) => ({
    subject: 'A provider refuses a key of your organisation',
    why: `${data.provider} refuses the key${data.name === null ? '' : ` "${data.name}"`} that your organisation brought for it${data.status === null ? '' : `, with status ${data.status}`}.`,
    action: 'See the key',
    path: '/settings/byok',
  }),
  'sign_in.new_place': (data) => ({
    subject: 'You signed in from a new browser',
    why: `Your account at Turnpike was signed in to from a browser that had not been used for it before${data.browser === null ? '' : ` (${data.browser})`}, at the address ${data.address}. If it was not you, end that session there and set a new password.`,
    action: 'See your sessions',
    path: '/settings/account',
  }),
  'webhook.disabled': (data) => ({
    subject: 'A webhook was switched off',
    why:
      data.because === 'gone'
        ? `The receiver of the webhook "${data.name}" answered that it is gone for good.`
        : `Nothing arrived at the webhook "${data.name}" for three days.`,
    action: 'Switch it on again',
    path: '/settings/notifications',
  }),
  'webhook.test': ({ message }) => ({
    subject: 'A test',
    why: message,
    action: 'See the webhooks',
    path: '/settings/notifications',
  }),
};

/** `data`: as it was told, of this kind. */
export function letterOf<Kind extends NewsKind>(kind: Kind, data: NewsData[Kind], publicUrl: string): Letter {
  const { subject, why, action, path } = WORDS[kind](data);
  return letter({
    ...{ subject, why, action, link: `${publicUrl}${path}` },
    after: 'What you are told by mail is yours to choose, under Notifications in the settings.',
  });
}

function nameOf({ provider, credential, model }: NewsData['provider.back']): string {
  const key = credential === null ? '' : `, key "${credential}"`;
  return `${provider}${key}${model === null ? '' : `, model ${model}`}`;
}
