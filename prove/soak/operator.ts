/**
 * What goes on beside the load: keys that come, go, change and are looked at, apps that get keys, people who sign in. One step after
 * another, so that whoever stops a gateway can wait until no change is under way.
 */
import { createHash } from 'node:crypto';
import { Visitor } from '../../test/accounts.ts';
import type { GatewayProcess } from '../gateway.ts';
import { usdOf } from '../prices.ts';
import type { Random } from '../random.ts';
import type { Keyring, SoakKey } from './keys.ts';

const OPEN_KEYS = 300;
const LIMITED_KEYS = 40;
const PAUSE_MS = 300;
/** A whole answer of the load costs between 0.06 and 0.25 thousandths of a USD. */
const LEAST_RAISE_NANO_USD = 2_000_000;
const MOST_RAISE_NANO_USD = 40_000_000;
const OWNER = { name: 'Olivia Owner', email: 'olivia@example.com', password: 'correct horse battery' };

interface Step {
  readonly name: string;
  readonly weight: number;
  readonly run: (operator: Operator) => Promise<void>;
}

export class Operator {
  /** How often each step was made. */
  readonly steps = new Map<string, number>();
  readonly #gateway: GatewayProcess;
  readonly #keyring: Keyring;
  readonly #random: Random;
  /** Authorises apps, and stays: what it authorised would go with it. */
  #parent: SoakKey | null = null;
  #isPaused = true;
  #isOver = false;
  #step: Promise<void> = Promise.resolve();

  constructor(gateway: GatewayProcess, keyring: Keyring, random: Random) {
    this.#gateway = gateway;
    this.#keyring = keyring;
    this.#random = random;
  }

  /** The keys and the owner that there are from the beginning. */
  async prepare(): Promise<void> {
    this.#parent = this.#keyring.add(await this.#gateway.makeKey(null), []);
    for (let n = 0; n < OPEN_KEYS; n += 1) await this.#addOpen();
    for (let n = 0; n < LIMITED_KEYS; n += 1) {
      const limitNanoUsd = this.#random.whole(LEAST_RAISE_NANO_USD, MOST_RAISE_NANO_USD);
      const made = await this.#gateway.makeKey({ limitNanoUsd: BigInt(limitNanoUsd), windowKind: 'all' });
      const key = this.#keyring.add(made, this.#keyring.limited);
      key.limitNanoUsd = limitNanoUsd;
      key.mostNanoUsd = limitNanoUsd;
    }
    const { stdout } = await this.#gateway.command('users', 'invite', OWNER.email, '--role', 'owner');
    const invitation_token = new URL(/http\S+/.exec(stdout)?.[0] ?? '').searchParams.get('token');
    const answer = await this.#visitor().post('/api/auth/sign-up/email', { ...OWNER, invitation_token });
    if (answer.status !== 200) throw new Error(`no owner: ${answer.status} ${answer.text}`);
  }

  /** Ends by `stop`; rejects when a step fails. */
  async run(): Promise<void> {
    while (!this.#isOver) {
      await Bun.sleep(this.#random.whole(1, 2 * PAUSE_MS));
      if (this.#isPaused || this.#isOver) continue;
      const { name, run } = this.#random.pick(CHOICES);
      this.steps.set(name, (this.steps.get(name) ?? 0) + 1);
      this.#step = run(this);
      await this.#step;
    }
  }

  resume(): void {
    this.#isPaused = false;
  }

  /** Resolves when no step is under way. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    await this.#step;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#step;
  }

  /** Each from an address of its own: all of them from one would reach the limit that holds guessers back. */
  #visitor(): Visitor {
    const byte = () => this.#random.whole(0, 255);
    const address = `10.${byte()}.${byte()}.${byte()}`;
    return new Visitor(this.#gateway.origin.replace('127.0.0.1', 'localhost'), address);
  }

  async #addOpen(): Promise<void> {
    this.#keyring.add(await this.#gateway.makeKey(null), this.#keyring.open);
  }

  /** Raised or lowered; a limit that its complete answers alone have reached serves nothing more. */
  async changeLimit(): Promise<void> {
    const key = this.#random.pick(this.#keyring.limited);
    const before = key.limitNanoUsd ?? 0;
    const limitNanoUsd = this.#random.chance(0.8)
      ? before + this.#random.whole(LEAST_RAISE_NANO_USD, MOST_RAISE_NANO_USD)
      : Math.floor(before * this.#random.next());
    key.exhaustedAtMs = null;
    key.mostNanoUsd = Math.max(key.mostNanoUsd ?? 0, limitNanoUsd);
    await this.#gateway.changeKey(key.hash, { limit: usdOf(BigInt(limitNanoUsd)) });
    key.limitNanoUsd = limitNanoUsd;
    if (key.toldNanoUsd >= limitNanoUsd) key.exhaustedAtMs = performance.now();
  }

  /** A limit that is far away, for a while: the requests that run are held against it from then on. */
  async limitForAWhile(): Promise<void> {
    const key = this.#random.pick(this.#keyring.open);
    await this.#gateway.changeKey(key.hash, { limit: 1_000_000, limit_reset: 'daily' });
    await this.#gateway.changeKey(key.hash, { limit: null, limit_reset: null });
  }

  async rename(): Promise<void> {
    const { hash } = this.#random.pick(this.#keyring.open);
    await this.#gateway.changeKey(hash, { name: `soak ${this.#random.whole(1, 1_000_000)}` });
  }

  async replace(): Promise<void> {
    const key = this.#keyring.takeOpen(this.#random);
    key.isDeleted = true;
    key.revokeBegunAtMs = performance.now();
    await this.#gateway.manage('DELETE', `/keys/${key.hash}`);
    key.revokedAtMs = performance.now();
    this.#keyring.tryOn(key);
    await this.#addOpen();
  }

  async disable(): Promise<void> {
    const key = this.#keyring.takeOpen(this.#random);
    key.revokeBegunAtMs = performance.now();
    await this.#gateway.changeKey(key.hash, { disabled: true });
    key.revokedAtMs = performance.now();
    this.#keyring.tryOn(key);
    if (this.#keyring.open.length < OPEN_KEYS / 2) await this.#addOpen();
  }

  async enable(): Promise<void> {
    const key = this.#keyring.takeDisabled();
    if (key === undefined) return;
    key.revokedAtMs = null;
    await this.#gateway.changeKey(key.hash, { disabled: false });
    key.restoredAtMs = performance.now();
    key.revokeBegunAtMs = null;
    this.#keyring.open.push(key);
  }

  /** An app gets a key by a code, which takes the place of one that is deleted. */
  async authoriseApp(): Promise<void> {
    const verifier = crypto.randomUUID() + crypto.randomUUID();
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const asked = { callback_url: 'https://app.example/callback', code_challenge: challenge };
    const code = (await this.#post('/auth/keys/code', { ...asked, code_challenge_method: 'S256' })) as {
      data: { id: string };
    };
    const made = (await this.#post('/auth/keys', {
      ...{ code: code.data.id, code_verifier: verifier, code_challenge_method: 'S256' },
    })) as { key: string };
    const hash = createHash('sha256').update(made.key).digest('hex');
    this.#keyring.add({ key: made.key, hash }, this.#keyring.open);
    const old = this.#keyring.takeOpen(this.#random);
    old.isDeleted = true;
    old.revokeBegunAtMs = performance.now();
    await this.#gateway.manage('DELETE', `/keys/${old.hash}`);
    old.revokedAtMs = performance.now();
    this.#keyring.tryOn(old);
  }

  async signIn(): Promise<void> {
    const visitor = this.#visitor();
    const { status, text } = await visitor.signIn(OWNER);
    if (status !== 200) throw new Error(`the sign-in answered ${status}: ${text}`);
    const page = await visitor.get('/api/dashboard/keys');
    if (page.status !== 200) throw new Error(`the list of keys answered ${page.status}: ${page.text}`);
    await visitor.post('/api/auth/sign-out');
  }

  async guessPassword(): Promise<void> {
    const email = `guess-${this.#random.whole(1, 1_000_000)}@example.com`;
    await this.#visitor().post('/api/auth/sign-in/email', { email, password: 'correct horse' });
  }

  async listKeys(): Promise<void> {
    await this.#gateway.manage('GET', `/keys?offset=${this.#random.whole(0, OPEN_KEYS)}`);
  }

  async readKey(): Promise<void> {
    await this.#gateway.manage('GET', `/keys/${this.#random.pick(this.#keyring.open).hash}`);
  }

  async readCredits(): Promise<void> {
    await this.#gateway.manage('GET', '/credits');
  }

  async #post(path: string, body: Record<string, unknown>): Promise<unknown> {
    const answer = await fetch(`${this.#gateway.baseUrl}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#parent?.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (answer.ok) return await answer.json();
    throw new Error(`POST ${path} answered ${answer.status}: ${await answer.text()}`);
  }
}

const STEPS: readonly Step[] = [
  { name: 'limits changed', weight: 30, run: (operator) => operator.changeLimit() },
  { name: 'limits set for a while', weight: 4, run: (operator) => operator.limitForAWhile() },
  { name: 'keys renamed', weight: 4, run: (operator) => operator.rename() },
  { name: 'keys deleted and made', weight: 10, run: (operator) => operator.replace() },
  { name: 'keys disabled', weight: 8, run: (operator) => operator.disable() },
  { name: 'keys enabled', weight: 8, run: (operator) => operator.enable() },
  { name: 'codes exchanged', weight: 6, run: (operator) => operator.authoriseApp() },
  { name: 'people signed in', weight: 2, run: (operator) => operator.signIn() },
  { name: 'passwords guessed', weight: 2, run: (operator) => operator.guessPassword() },
  { name: 'lists of keys read', weight: 8, run: (operator) => operator.listKeys() },
  { name: 'keys read', weight: 8, run: (operator) => operator.readKey() },
  { name: 'credits read', weight: 4, run: (operator) => operator.readCredits() },
];
/** Each as often as it weighs. */
const CHOICES = STEPS.flatMap((step) => Array.from({ length: step.weight }, () => step));
