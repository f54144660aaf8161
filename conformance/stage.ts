/**
 * What a run happens on: a real Turnpike on a fresh database, in front of the fake provider and of vendors in their own formats, and
 * behind a relay that counts. Each vendor is behind one, too, for clients that are played against it alone.
 */
import { OWNER, signUpMember, tokenOf, Visitor } from '../test/accounts.ts';
import { makeKey, type SpawnedGateway, spawnGateway } from '../test/harness.ts';
import type { Site } from './client.ts';
import { type Relay, startRelay } from './relay.ts';
import { startAnthropic } from './vendors/anthropic.ts';
import { startOpenAi } from './vendors/openai.ts';
import { VENDOR_KEY, type Vendor } from './vendors/vendor.ts';

export interface Stage extends AsyncDisposable {
  readonly gateway: SpawnedGateway;
  readonly relay: Relay;
  readonly key: string;
  readonly owner: Site['owner'];
  /** Whose limit is spent. */
  readonly spentKey: string;
  readonly vendors: Readonly<
    Record<'anthropic' | 'openai', { readonly vendor: Vendor; readonly relay: Relay }>
  >;
}

export async function startStage(): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const anthropic = stack.use(startAnthropic());
  const openai = stack.use(startOpenAi());
  const gateway = stack.use(
    await spawnGateway({ config: { providers: providersAt(anthropic, openai), models: MODELS } }),
  );
  const relay = stack.use(await startRelay(gateway.url));
  const vendors = {
    anthropic: { vendor: anthropic, relay: stack.use(await startRelay(anthropic.url)) },
    openai: { vendor: openai, relay: stack.use(await startRelay(openai.url)) },
  };
  const { key: spentKey } = await makeKey(gateway, { limit: 0 });
  const owner = {
    ...{ managementKey: gateway.managementKey, dataDir: gateway.dataDir },
    memberId: await newMember(gateway),
  };
  const kept = stack.move();
  return {
    ...{ gateway, relay, key: gateway.apiKey, owner, spentKey, vendors },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** The id of somebody whom the owner invited. */
async function newMember(gateway: SpawnedGateway): Promise<string> {
  const setupLink = /\(one-time link\): (\S+)/.exec(gateway.stdout)?.[1] ?? '';
  const owner = new Visitor(gateway.url);
  const invitation_token = tokenOf(setupLink);
  await owner.post('/api/auth/sign-up/email', { ...OWNER, invitation_token });
  await owner.session();
  const credentials = { email: 'max@example.com', password: OWNER.password };
  const member = await signUpMember(gateway, owner, credentials);
  return (await member.session())?.user.id ?? '';
}

function providersAt(anthropic: Vendor, openai: Vendor): object[] {
  const at = ({ url }: Vendor) => ({ base_url: `${url}/v1`, api_key: VENDOR_KEY });
  return [
    { slug: 'anthropic', format: 'anthropic', ...at(anthropic) },
    { slug: 'openai', format: 'openai', quirks: { responses: true }, ...at(openai) },
  ];
}

const PARAMETERS = [
  'max_tokens',
  'temperature',
  'top_p',
  'stop',
  'tools',
  'tool_choice',
  'response_format',
  'reasoning',
  'verbosity',
  'parallel_tool_calls',
];

const chat = (id: string, model: string, provider = 'acme') => ({
  id,
  context_length: 200_000,
  max_completion_tokens: 64_000,
  input_modalities: ['text', 'image'],
  supported_parameters: PARAMETERS,
  endpoints: [{ provider, model, pricing: { prompt: '0.00000015', completion: '0.0000006' } }],
});

/** Beside `acme/small`. The titles that agents ask for on the side come from a model of their own, so that faults hit the turn itself. */
const MODELS = [
  chat('acme/claude-heron', 'small-2026'),
  chat('acme/aside', 'aside-2026'),
  chat('anthropic/claude-opus-4.5', 'claude-opus-4-5', 'anthropic'),
  chat('openai/gpt-5.5', 'gpt-5.5', 'openai'),
  {
    id: 'acme/vectors',
    context_length: 8192,
    output_modalities: ['embeddings'],
    endpoints: [
      { provider: 'acme', model: 'vectors-2026', pricing: { prompt: '0.00000002', completion: '0' } },
    ],
  },
];

/** The upstream model of every turn that is judged. */
export const TURN_MODEL = 'small-2026';
