/** What every scenario gets, and the steps that most of them share. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Order, randomOrder, send } from './client.ts';
import { compare, type Verdict, withFaults } from './compare.ts';
import { GatewayProcess, type Key, newSecrets, type Secrets } from './gateway.ts';
import { Ledger } from './ledger.ts';
import type { PriceList } from './prices.ts';
import { FLAT } from './prices.ts';
import type { ProviderProcess } from './provider.ts';
import type { Random } from './random.ts';
import type { Allowance, Frozen, Sent } from './records.ts';

export interface Context {
  readonly directory: string;
  readonly random: Random;
  readonly prices: PriceList;
  readonly provider: ProviderProcess;
  readonly isQuick: boolean;
  /** How often gateways are killed; where every scenario runs, the nodes are killed a part of it. */
  readonly rounds: number;
  /** Only this scenario was asked for. */
  readonly isAlone: boolean;
  readonly say: (line: string) => void;
}

export interface Outcome {
  readonly verdict: Verdict;
  readonly kills: number;
}

export interface Scenario {
  readonly name: string;
  readonly run: (context: Context) => Promise<Outcome>;
}

export const REQUEST_TOKENS = 20;

/** All of these cost the same, and exactly what is held for them. */
export const EQUAL_ORDER: Order = {
  model: FLAT,
  maxTokens: REQUEST_TOKENS,
  isStream: false,
  behaviour: { chunks: REQUEST_TOKENS, delayMs: 20 },
  cutAfterMs: null,
};

export function equalCostNanoUsd(prices: PriceList): bigint {
  const price = prices.get(FLAT);
  if (price === undefined) throw new Error('the flat model is missing');
  return (BigInt(REQUEST_TOKENS) * price.completionPicoUsd + 999n) / 1000n;
}

export async function startedGateway(
  { directory, provider, prices }: Context,
  name: string,
  changes: {
    isPrepaid?: boolean;
    databaseUrl?: string;
    drainDelayMs?: number;
    secrets?: Secrets;
    preload?: string;
    env?: Record<string, string>;
  } = {},
): Promise<GatewayProcess> {
  const { env, ...options } = changes;
  const home = join(directory, `${name}-${crypto.randomUUID().slice(0, 8)}`);
  mkdirSync(home, { recursive: true });
  const gateway = await GatewayProcess.prepare({
    directory: home,
    providerUrl: provider.baseUrl,
    prices,
    secrets: newSecrets(),
    ...options,
  });
  await gateway.start(env);
  return gateway;
}

/** All at once: at each of the gateways in turn. */
export async function sendAll(
  { prices }: Context,
  gateways: readonly { readonly baseUrl: string }[],
  work: readonly { readonly order: Order; readonly key: Key }[],
  patienceMs = 10_000,
): Promise<Sent[]> {
  const tries = await Promise.all(
    work.map(({ order, key: { key } }, index) => {
      const baseUrl = gateways[index % gateways.length]?.baseUrl ?? '';
      return send(order, { baseUrl, key, prices, patienceMs });
    }),
  );
  return tries.flat();
}

/** So many clients, each sending one random request after another until `isOver`. */
export async function keepSending(
  { prices, random }: Context,
  baseUrlOf: () => string,
  options: { clients: number; keys: readonly Key[]; isOver: () => boolean; orders?: () => Order },
): Promise<Sent[]> {
  const client = async (): Promise<Sent[]> => {
    const sent: Sent[] = [];
    while (!options.isOver()) {
      const order = options.orders?.() ?? randomOrder(random, prices, { hasCuts: true });
      const { key } = random.pick(options.keys);
      sent.push(...(await send(order, { baseUrl: baseUrlOf(), key, prices, patienceMs: 0 })));
      // What is refused or broken comes back at once: it is asked again about a thousand times a second by all clients together.
      if (sent.at(-1)?.ending !== 'complete') await Bun.sleep(random.whole(1, 2 * options.clients));
    }
    return sent;
  };
  return (await Promise.all(Array.from({ length: options.clients }, client))).flat();
}

/** The comparison, once everything that was settled is in the database. */
export async function judge(
  { provider }: Context,
  gateways: readonly GatewayProcess[],
  records: {
    sent: readonly Sent[];
    keys: readonly Key[];
    allowances: readonly Allowance[];
    frozen?: readonly Frozen[];
  },
): Promise<Verdict> {
  for (const gateway of gateways) await gateway.flushed();
  const [first] = gateways;
  if (first === undefined) throw new Error('a comparison needs a gateway');
  await using ledger = await Ledger.open({
    databaseUrl: first.options.databaseUrl ?? null,
    dataDir: first.dataDir,
  });
  const tags = new Set(records.sent.map(({ tag }) => tag));
  const seen = (await provider.seen()).filter(({ tag }) => tags.has(tag));
  const charges = await ledger.charges(records.keys);
  return withFaults(compare({ ...records, seen, charges }), await ledger.faults());
}
