/** One gateway for all tests of doors, in front of every provider format. */
import { startGateway, type TestGateway } from '../../harness.ts';
import { DEEPSEEK, VENDORS, Vendors } from './vendors.ts';

/** USD a token: a price of its own for each bucket, so that a token in the wrong one is seen. */
export const PRICING = {
  prompt: '0.000002',
  completion: '0.000012',
  input_cache_read: '0.0000005',
  input_cache_write: '0.000003',
  input_cache_write_1h: '0.000005',
  internal_reasoning: '0.00001',
};

export interface Rig extends AsyncDisposable {
  readonly gateway: TestGateway;
  readonly vendors: Vendors;
}

export async function openRig(limits: Record<string, number> = {}): Promise<Rig> {
  const vendors = await Vendors.start();
  const gateway = await startGateway({
    config: {
      // Own keys may name them, though they are on this machine.
      egress: { private_hosts: [new URL(vendors.urlOf(DEEPSEEK)).host] },
      limits,
      providers: [...VENDORS, DEEPSEEK].map((vendor) => ({
        ...{ slug: vendor.slug, format: vendor.format, base_url: vendors.urlOf(vendor), api_key: 'secret' },
        ...(vendor.settings === undefined ? {} : { settings: vendor.settings }),
        ...(vendor.quirks === undefined ? {} : { quirks: vendor.quirks }),
      })),
      models: [
        ...[...VENDORS, DEEPSEEK].map(({ slug }) => ({
          ...{ id: `${slug}/model`, context_length: 400_000, max_completion_tokens: 128_000 },
          input_modalities: ['text', 'image'],
          endpoints: [
            {
              provider: slug,
              model: slug === 'google' ? 'gemini-3-pro' : 'claude-sonnet-4-5',
              pricing: PRICING,
            },
          ],
        })),
        {
          ...{ id: 'openai/blind', context_length: 400_000, input_modalities: ['text'] },
          endpoints: [{ provider: 'openai', model: 'blind', pricing: PRICING }],
        },
        // Nobody has said what it takes.
        {
          ...{ id: 'openai/undeclared', context_length: 400_000 },
          endpoints: [{ provider: 'openai', model: 'undeclared', pricing: PRICING }],
        },
      ],
    },
  });
  return {
    ...{ gateway, vendors },
    async [Symbol.asyncDispose]() {
      await gateway.stop();
      await vendors.stop();
    },
  };
}

/** As the gateway keeps it; waits for its record. */
export async function generationOf(
  { gateway }: Rig,
  id: string,
  key = gateway.apiKey,
): Promise<Record<string, unknown>> {
  for (const until = performance.now() + 5000; performance.now() < until; await Bun.sleep(10)) {
    const answer = await fetch(`${gateway.baseUrl}/generation?id=${id}`, {
      headers: { authorization: `Bearer ${key}` },
    });
    if (answer.ok) return ((await answer.json()) as { data: Record<string, unknown> }).data;
  }
  throw new Error(`no generation ${id}`);
}
