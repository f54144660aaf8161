/** Mails about credits, to those who may buy some. */
import { type Letter, letter } from './mail-texts.ts';

/** `balance`: as people read it, such as `$1.50`. */
export function creditsSpentLetter(
  { percent, balance }: { readonly percent: number; readonly balance: string },
  link: string,
): Letter {
  const isOver = percent >= 100;
  return letter({
    subject: isOver ? 'Your credits at Turnpike are used up' : `${percent} % of your credits are spent`,
    why: isOver
      ? `The balance of your organisation at Turnpike is ${balance}: requests that cost something are refused until credits are added.`
      : `${percent} % of the credits that your organisation had at Turnpike are spent. ${balance} is left.`,
    action: 'Add credits',
    link,
    after:
      'You are told once, and again only after credits were added. Which parts are told of is set on that page.',
  });
}

export function topUpStoppedLetter(because: string, link: string): Letter {
  return letter({
    subject: 'Automatic top-up was switched off',
    why: `An automatic top-up of your organisation's credits at Turnpike failed: ${because}. It was switched off, and nothing is charged any more.`,
    action: 'Switch it on again, or add credits',
    link,
    after: 'Until then requests are served for as long as credits last.',
  });
}
