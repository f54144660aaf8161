/** One feature of one client: played, judged, and a row of the table. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BesidePlay, besideNote, besidePlayOf, type Heard } from './beside.ts';
import type { Beside, Client, Feature, Site, Task } from './client.ts';
import { complaint, playOf, type Seen } from './features.ts';
import type { Installed } from './install.ts';
import { newHome, type Outcome, runCommand } from './process.ts';
import type { Relay } from './relay.ts';
import { type Stage, TURN_MODEL } from './stage.ts';
import type { Row } from './table.ts';
import { VENDOR_KEY } from './vendors/vendor.ts';
import { NPM, PYPI } from './versions.ts';

const DEFAULT_TIMEOUT_MS = 60_000;

export interface Setting {
  readonly stage: Stage;
  readonly installed: Installed;
  /** Where the homes of clients are made. */
  readonly directory: string;
  readonly keepsHomes: boolean;
}

export async function runFeature(client: Client, feature: Feature, setting: Setting): Promise<Row> {
  const head = { client: client.name, version: versionOf(client), feature };
  const python = 'python' in client.package ? setting.installed.python[client.package.python] : undefined;
  if (python !== undefined && 'missing' in python)
    return { ...head, verdict: python.isFault ? 'fails' : 'not run', note: python.missing };
  const at = (relay: Relay): Site => ({
    host: relay.url,
    npmDir: setting.installed.npmDir,
    pythonBin: python?.bin ?? null,
    owner: setting.stage.owner,
  });
  const { problem, note } = isBeside(feature)
    ? await runBeside(client, feature, setting, at)
    : await runAlone(client, feature, setting, at(setting.stage.relay));
  return { ...head, verdict: problem === null ? 'passes' : 'fails', note: problem ?? note };
}

interface Judged {
  /** What is wrong, or null. */
  readonly problem: string | null;
  readonly note: string;
}

function isBeside(feature: Feature): feature is Beside {
  return feature === 'prompt cache' || feature === 'token count' || feature.startsWith('vendor: ');
}

async function runAlone(
  client: Client,
  feature: Exclude<Feature, Beside>,
  { stage, directory, keepsHomes }: Setting,
  site: Site,
): Promise<Judged> {
  const play = playOf(feature, client, stage);
  const { provider } = stage.gateway;
  provider.clearScripts();
  provider.clearRequests();
  stage.relay.take();
  const marker = newMarker();
  const place = newPlace(directory);
  const task = { ask: play.ask, key: play.key, prompt: `Say these words: ${wordsWith(marker)}`, ...place };
  play.prepare(stage, marker);
  const outcome = await command(client, site, task);
  await mustStand(stage);
  const asked = stage.relay.take();
  const upstream = provider.requests.filter(({ model }) => model === TURN_MODEL || play.ask === 'embeddings');
  const seen: Seen = { outcome, asked, upstream, marker };
  const problem =
    play.judge(client, seen) ??
    modelsProblem(client, feature, task, outcome) ??
    tooMany(play.maxTries, asked.filter(isTurn).length);
  if (!keepsHomes) rmSync(place.home, { recursive: true, force: true });
  return { problem, note: noteOf(feature, seen) };
}

/** Against the vendor first, and then through Turnpike, of which the vendor is the only provider. */
async function runBeside(
  client: Client,
  feature: Beside,
  setting: Setting,
  at: (relay: Relay) => Site,
): Promise<Judged> {
  const { stage } = setting;
  if (client.vendor === undefined) throw new Error(`${client.name} has no vendor to be beside`);
  const { relay } = stage.vendors[client.vendor];
  const play = besidePlayOf(feature, client);
  const wrong = `sk-or-v1-${'0'.repeat(64)}`;
  const keys = { right: stage.key, wrong, spent: stage.spentKey };
  const vendorKeys = { right: VENDOR_KEY, wrong, spent: VENDOR_KEY };
  const direct = await hear(client, play, setting, { relay, site: at(relay), key: vendorKeys[play.key] });
  const through = await hear(client, play, setting, {
    ...{ relay: stage.relay, site: at(stage.relay), key: keys[play.key] },
  });
  await mustStand(stage);
  return { problem: play.judge(client, direct, through), note: besideNote(feature, direct, through) };
}

async function hear(
  client: Client,
  play: BesidePlay,
  { stage, directory, keepsHomes }: Setting,
  { relay, site, key }: { readonly relay: Relay; readonly site: Site; readonly key: string },
): Promise<Heard> {
  const { vendor } = stage.vendors[client.vendor as 'anthropic' | 'openai'];
  const marker = newMarker();
  const place = newPlace(directory);
  const prompt = play.prompt ?? `Say these words: ${wordsWith(marker)}`;
  const task: Task = { ask: 'text', key, prompt, ...place };
  vendor.begin(wordsWith(marker), play.turns);
  relay.take();
  let outcome = await command(client, site, task);
  if (play.continues === true && outcome.code === 0)
    outcome = await command(client, site, { ...task, continues: true, prompt: `Once more: ${prompt}` });
  if (!keepsHomes) rmSync(place.home, { recursive: true, force: true });
  return { outcome, asked: relay.take(), received: vendor.received, counted: vendor.counted, marker };
}

function newMarker(): string {
  return `heron${crypto.randomUUID().slice(0, 6)}`;
}

function wordsWith(marker: string): string {
  return `one two three four five six seven eight nine ${marker}`;
}

function newPlace(directory: string): Pick<Task, 'home' | 'cwd'> {
  const home = newHome(directory);
  const cwd = join(home, 'work');
  mkdirSync(cwd);
  return { home, cwd };
}

async function command(client: Client, site: Site, task: Task): Promise<Outcome> {
  const { home, cwd } = task;
  const timeoutMs = client.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  return await runCommand(client.command(site, task), { home, cwd, timeoutMs });
}

/** What a client makes of a gateway that is gone says nothing of either. */
async function mustStand({ gateway }: Stage): Promise<void> {
  const health = await fetch(`${gateway.url}/health/ready`).catch(() => null);
  if (health?.status !== 200) throw new Error(`Turnpike has ended:\n${gateway.stderr.slice(-4000)}`);
}

function modelsProblem(client: Client, feature: Feature, task: Task, outcome: Outcome): string | null {
  return (feature === 'models' ? client.checkModels?.(task, outcome) : null) ?? null;
}

function isTurn({ method, path }: { readonly method: string; readonly path: string }): boolean {
  return method === 'POST' || path.includes('/responses');
}

function tooMany(most: number | undefined, tries: number): string | null {
  return most === undefined || tries <= most ? null : `${tries} requests where ${most} would do`;
}

function noteOf(feature: Feature, { outcome, asked }: Seen): string {
  const turns = feature === 'models' ? asked : asked.filter(isTurn);
  const statuses = turns.map(({ status }) => status ?? 'none');
  const tries = `${statuses.length} ${statuses.length === 1 ? 'request' : 'requests'}`;
  const figures = `${tries} (${statuses.join(' ')}), ${outcome.seconds.toFixed(1)} s`;
  const isQuoted = feature === 'wrong key' || feature === 'spent key' || outcome.code !== 0;
  return isQuoted ? `${figures}: ${complaint(outcome)}` : figures;
}

function versionOf(client: Client): string {
  return 'npm' in client.package ? NPM[client.package.npm] : PYPI[client.package.python];
}
