/** News about credits to those who can do something about them: the one place that knows how they are told. */

import { creditsSpentLetter, topUpStoppedLetter } from '../mail/credit-letters.ts';
import type { Letter } from '../mail/mail-texts.ts';
import { formatAmountUsd, type NanoUsd } from '../money.ts';

export type CreditNews =
  | { readonly kind: 'credits_spent'; readonly percent: number; readonly balanceNanoUsd: NanoUsd }
  | { readonly kind: 'top_up_stopped'; readonly because: string };

export type Tell = (accountId: string, news: CreditNews) => Promise<void>;

export function createTell(services: {
  /** The addresses of those who may buy. */
  readonly recipientsOf: (accountId: string) => Promise<readonly string[]>;
  readonly send: (to: string, letter: Letter) => void;
  /** Of the page about credits. */
  readonly page: string;
}): Tell {
  return async (accountId, news) => {
    const letter = letterOf(news, services.page);
    for (const to of await services.recipientsOf(accountId)) services.send(to, letter);
  };
}

function letterOf(news: CreditNews, page: string): Letter {
  if (news.kind === 'top_up_stopped') return topUpStoppedLetter(news.because, page);
  return creditsSpentLetter({ percent: news.percent, balance: toCents(news.balanceNanoUsd) }, page);
}

/** As people read amounts: cents, rounded away from what is not there. */
function toCents(amount: NanoUsd): string {
  const text = formatAmountUsd(amount);
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  return `${amount < 0n ? '-' : ''}$${whole}.${fraction.padEnd(2, '0').slice(0, 2)}`;
}
