/** `GET /credits`: what the account was given and what it spent. */
import { TurnpikeError } from '../errors.ts';
import { managementRoute, publicRoute, type Route } from '../http/route.ts';
import { usdFromNanoUsd } from '../money.ts';
import type { CreditTotals } from './credits.ts';

export function creditRoutes(services: {
  readonly creditsOf: (accountId: string) => Promise<CreditTotals>;
  /** Nano-USD over all time. */
  readonly usageOf: (accountId: string) => Promise<bigint>;
}): Route[] {
  return [
    // OpenRouter's document still has it, without a key and always as gone.
    publicRoute('POST', '/api/v1/credits/coinbase', () => {
      throw new TurnpikeError('gone', { message: 'Credits are no longer bought with Coinbase' });
    }),
    managementRoute('GET', '/api/v1/credits', async ({ principal }) => {
      const [credits, usage] = await Promise.all([
        services.creditsOf(principal.accountId),
        services.usageOf(principal.accountId),
      ]);
      return Response.json({
        data: { total_credits: usdFromNanoUsd(credits.creditsNanoUsd), total_usage: usdFromNanoUsd(usage) },
      });
    }),
  ];
}
