/** A day's traffic in the time that the machine takes for it, and what must hold at its end. */
import { join } from 'node:path';
import { GatewayProcess, newSecrets } from '../gateway.ts';
import { Ledger } from '../ledger.ts';
import { usdOf } from '../prices.ts';
import { Random } from '../random.ts';
import { Keyring } from './keys.ts';
import { Load } from './load.ts';
import { Operator } from './operator.ts';
import { boundNanoUsd, CROWDED_MODEL, FALLBACK_MODEL, MODEL, numberIn, Orders, PRICES } from './orders.ts';
import { SoakProvider } from './provider.ts';
import { Tally } from './tally.ts';
import { Watch } from './watch.ts';

export interface SoakOptions {
  readonly directory: string;
  readonly seed: number;
  readonly requests: number;
  readonly clients: number;
  /** How often a process is stopped or killed in the second half. */
  readonly restarts: number;
  readonly say: (line: string) => void;
}

/** Everything that was measured, and what else must not be. */
export interface SoakResult {
  readonly options: SoakOptions;
  readonly seconds: number;
  readonly tally: Tally;
  readonly watch: Watch;
  readonly keyring: Keyring;
  readonly steps: ReadonlyMap<string, number>;
  readonly bytesAtEnd: { readonly database: number; readonly journal: number };
  readonly faults: readonly string[];
  /** What the gateway's own check of its ledger says. */
  readonly verified: string;
}

/** The first process lives for so much of the load, without a restart. */
const LONG_LIFE_SHARE = 0.5;
const PROGRESS_MS = 10_000;
/** The gateway drops a provider's idle connections after 4 s, and follows a client that left for 2. */
const REST_WITHIN_MS = 20_000;
/** It drains for 5 s at most, and then closes what it has. */
const STOP_WITHIN_MS = 30_000;
const AT_REST = ['turnpike_holds', 'turnpike_open_streams', 'turnpike_flush_depth', 'turnpike_journal_depth'];
const FAULTS_KEPT = 50;
const LINES_SHOWN = 10;

export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { directory, seed, requests, say } = options;
  const random = new Random(seed);
  const orders = new Orders(seed);
  const keyring = new Keyring();
  const tally = new Tally(orders, requests);
  const faults: string[] = [];
  const fault = (what: string) => {
    if (faults.length < FAULTS_KEPT) faults.push(what);
    say(`!! ${what}`);
  };
  await using provider = await SoakProvider.start({ seed, requests });
  await using gateway = await GatewayProcess.prepare({
    directory,
    providerUrl: `${provider.origin}/v1`,
    spare: { model: FALLBACK_MODEL, providerUrl: `${provider.origin}/spare/v1` },
    apart: CROWDED_MODEL,
    preload: 'soak/collect-garbage.ts',
    prices: PRICES,
    secrets: newSecrets(),
  });
  await gateway.start();
  const operator = new Operator(gateway, keyring, new Random(random.whole(0, 2 ** 31)));
  await operator.prepare();
  const load = new Load({
    ...{ clients: options.clients, orders, keyring, tally, random },
    port: Number(new URL(gateway.origin).port),
  });
  const watch = new Watch(gateway, () => load.sent);
  const stage: Stage = { ...{ options, gateway, operator, load, tally, watch }, fault };
  watch.began();
  const startedAt = performance.now();
  const progress = setInterval(() => say(progressLine(stage, startedAt)), PROGRESS_MS);
  try {
    const operating = operator.run();
    operating.catch((thrown: unknown) => fault(`a step beside the load failed: ${thrown}`));
    operator.resume();
    const half = Math.floor(requests * LONG_LIFE_SHARE);
    await load.runTo(half);
    await rest(stage);
    operator.resume();
    const over = load.runTo(requests);
    for (let restart = 1; restart <= options.restarts; restart += 1) {
      const at = half + Math.floor(((requests - half) * restart) / (options.restarts + 1));
      await Promise.race([load.until(at), over]);
      await restartUnderLoad(stage, restart % 2 === 0 ? 'kill -9' : 'SIGTERM');
    }
    await over;
    await rest(stage);
    await operator.stop();
    await operating.catch(() => {});
  } finally {
    clearInterval(progress);
    load.stop();
    watch.stop();
  }
  const seconds = (performance.now() - startedAt) / 1000;
  say('reading the ledger');
  await judge(stage, keyring, await provider.seen(directory));
  await checkKeys(stage, keyring);
  const bytesAtEnd = { database: watch.databaseBytes(), journal: watch.journalBytes() };
  await gateway.flushed();
  await mustStop(stage);
  watch.ended('SIGTERM');
  say('verifying the ledger');
  const verified = await gateway.command('ledger', 'verify');
  if (verified.code !== 0) fault(`ledger verify: ${verified.stdout.trim()}`);
  await using ledger = await Ledger.open({ databaseUrl: null, dataDir: gateway.dataDir });
  for (const found of await ledger.faults()) fault(found);
  for (const line of await unexpectedLines(join(directory, 'gateway.log'))) fault(`in the log: ${line}`);
  return {
    ...{ options, seconds, tally, watch, keyring, steps: operator.steps, bytesAtEnd, faults },
    verified: verified.stdout.trim(),
  };
}

interface Stage {
  readonly options: SoakOptions;
  readonly gateway: GatewayProcess;
  readonly operator: Operator;
  readonly load: Load;
  readonly tally: Tally;
  readonly watch: Watch;
  readonly fault: (what: string) => void;
}

/** Without load, nothing may be held, open or waiting. */
async function rest({ operator, watch, fault }: Stage): Promise<void> {
  await operator.pause();
  const endsAt = performance.now() + REST_WITHIN_MS;
  for (;;) {
    const figures = await watch.figures();
    const left = AT_REST.filter((name) => figures.get(name) !== 0);
    const isBack = watch.isBackToBase();
    if (left.length === 0 && isBack) return;
    if (performance.now() > endsAt) {
      for (const name of left) fault(`at rest, ${name} is ${figures.get(name)}`);
      const { descriptorsAtRest, number } = watch.life;
      const base = watch.descriptorsWithoutLoad;
      if (!isBack) fault(`process ${number}: ${descriptorsAtRest} descriptors at rest, ${base} without load`);
      return;
    }
    await Bun.sleep(250);
  }
}

async function restartUnderLoad(stage: Stage, how: 'kill -9' | 'SIGTERM'): Promise<void> {
  const { gateway, load, operator, tally, watch } = stage;
  await operator.pause();
  const from = load.oldest;
  watch.ended(how);
  if (how === 'kill -9') await gateway.kill();
  else await mustStop(stage);
  await gateway.start();
  watch.began();
  tally.restarts.push({ how, from, to: load.sent });
  operator.resume();
}

async function mustStop({ gateway, fault }: Stage): Promise<void> {
  const code = await Promise.race([gateway.terminate(), Bun.sleep(STOP_WITHIN_MS).then(() => 'late')]);
  if (code === 0) return;
  fault(code === 'late' ? `no end ${STOP_WITHIN_MS} ms after SIGTERM` : `SIGTERM ended it with ${code}`);
  await gateway.kill();
}

/** The ledger's rows, the provider's bytes and the clients' outcomes against each other. */
async function judge({ gateway, tally }: Stage, keyring: Keyring, seen: Uint8Array): Promise<void> {
  await gateway.flushed();
  await using ledger = await Ledger.open({ databaseUrl: null, dataDir: gateway.dataDir });
  // One key after another, so that millions of rows fit into little memory.
  for (const key of keyring.all) {
    for (const { tag, costNanoUsd } of await ledger.charges([key])) {
      const number = numberIn(tag) ?? tally.requests;
      tally.charged({ number, key: key.index, costNanoUsd: Number(costNanoUsd) });
    }
  }
  tally.judge(
    seen,
    keyring.all.map(({ mostNanoUsd }) => mostNanoUsd),
  );
}

/** What the API says of each key is what the ledger has, and whoever has a limit can spend it to its end: no hold was left. */
async function checkKeys({ gateway, tally, fault }: Stage, keyring: Keyring): Promise<void> {
  for (const { hash, index } of [...keyring.open, ...keyring.limited]) {
    const usageNanoUsd = await usageOf(gateway, hash);
    if (usageNanoUsd !== tally.chargedTo(index))
      fault(`key ${index}: its usage is ${usageNanoUsd}, its charges ${tally.chargedTo(index)} nano-USD`);
  }
  for (const { hash, key, index } of keyring.limited) {
    const usageNanoUsd = await usageOf(gateway, hash);
    const body = JSON.stringify({
      model: `acme/${MODEL}`,
      max_tokens: 64,
      messages: [{ role: 'user', content: 'Last' }],
    });
    const limit = usdOf(BigInt(usageNanoUsd + boundNanoUsd(body.length)));
    await gateway.changeKey(hash, { limit });
    const served = await ask(gateway, key, body);
    await gateway.flushed();
    await gateway.changeKey(hash, { limit: usdOf(BigInt(await usageOf(gateway, hash))) });
    const refused = await ask(gateway, key, body);
    if (served !== 200 || refused !== 402)
      fault(`key ${index}: with room for one request it answered ${served}, and without any ${refused}`);
  }
}

async function usageOf(gateway: GatewayProcess, hash: string): Promise<number> {
  const { data } = (await gateway.manage('GET', `/keys/${hash}`)) as { data: { usage: number } };
  return Math.round(data.usage * 1e9);
}

async function ask(gateway: GatewayProcess, key: string, body: string): Promise<number> {
  const answer = await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body,
  });
  await answer.arrayBuffer();
  return answer.status;
}

/** Errors that no provider of ours caused; and whatever else a process says before it dies. */
async function unexpectedLines(path: string): Promise<string[]> {
  const lines = (await Bun.file(path).text()).split('\n');
  return lines
    .filter((line) => line !== '' && !/"level":"(?:info|warn)"|"code":"provider_unavailable"/.test(line))
    .slice(0, LINES_SHOWN);
}

function progressLine({ options, load, tally, watch }: Stage, startedAt: number): string {
  const seconds = (performance.now() - startedAt) / 1000;
  const { residentAtEnd, mostDescriptors, number } = watch.life;
  const perSecond = load.sent / seconds;
  const left = Math.ceil((options.requests - load.sent) / perSecond / 60);
  return [
    `${load.sent} of ${options.requests}`,
    `${perSecond.toFixed(0)}/s`,
    `${left} min left`,
    `process ${number}: ${(residentAtEnd / 2 ** 20).toFixed(0)} MiB, at most ${mostDescriptors} descriptors`,
    `journal ${(watch.journalBytes() / 2 ** 20).toFixed(1)} MiB, database ${(watch.databaseBytes() / 2 ** 20).toFixed(0)} MiB`,
    `event loop p99 ${watch.delaysMs.at(-1)?.toFixed(1) ?? '-'} ms`,
    `broken ${tally.countOf('broken')}, unavailable ${tally.countOf('unavailable')}, faults ${tally.findings.total}`,
  ].join('; ');
}
