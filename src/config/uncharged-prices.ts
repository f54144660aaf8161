/** Prices that an operator may write, that `GET /models` shows, and that no request is charged at. */
import type { ModelConfig } from './config.ts';

/** What these are a price of is counted apart by no usage that we read: it is charged as the plain unit, or not at all. */
const UNCHARGED_PRICES = ['image_token', 'input_audio_cache'];

/** One warning an endpoint, or nobody would know. */
export function unchargedPriceWarnings(models: readonly ModelConfig[]): string[] {
  return models.flatMap(({ id, endpoints }) =>
    endpoints.flatMap(({ at, provider, pricing, pricingOverrides }) => {
      const written = [pricing, ...pricingOverrides.map(({ prices }) => prices)];
      const names = UNCHARGED_PRICES.filter((name) => written.some((prices) => prices[name] !== undefined));
      if (names.length === 0) return [];
      const where = at === undefined ? '' : `${at}: `;
      return [
        `${where}${id} at ${provider}: ${names.join(', ')} will be shown, but nothing is charged at it`,
      ];
    }),
  );
}
