/** What a run happens on: a real Turnpike on a fresh database, in front of the fake provider, and behind a relay that counts. */
import { makeKey, type SpawnedGateway, spawnGateway } from '../test/harness.ts';
import { type Relay, startRelay } from './relay.ts';

export interface Stage extends AsyncDisposable {
  readonly gateway: SpawnedGateway;
  readonly relay: Relay;
  readonly key: string;
  /** Whose limit is spent. */
  readonly spentKey: string;
}

export async function startStage(): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const gateway = stack.use(await spawnGateway({ config: { models: MODELS } }));
  const relay = stack.use(await startRelay(gateway.url));
  const { key: spentKey } = await makeKey(gateway, { limit: 0 });
  const kept = stack.move();
  return {
    ...{ gateway, relay, key: gateway.apiKey, spentKey },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
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
];

const chat = (id: string, model: string) => ({
  id,
  context_length: 200_000,
  max_completion_tokens: 64_000,
  input_modalities: ['text', 'image'],
  supported_parameters: PARAMETERS,
  endpoints: [{ provider: 'acme', model, pricing: { prompt: '0.00000015', completion: '0.0000006' } }],
});

/** Beside `acme/small`. The titles that agents ask for on the side come from a model of their own, so that faults hit the turn itself. */
const MODELS = [
  chat('acme/claude-heron', 'small-2026'),
  chat('acme/aside', 'aside-2026'),
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
