/** Strangers who guess passwords: each time another address of mail, from another address of the network, so that no limit stops them. */
import type { Candidate } from './candidates.ts';

const GUESSERS = 32;

export class SignInFlood {
  readonly firstAnswer: Promise<void>;
  #answered = 0;
  #sent = 0;
  #isOver = false;
  readonly #guessers: Promise<void>[];

  static start(candidate: Candidate): SignInFlood {
    return new SignInFlood(`http://127.0.0.1:${candidate.port}`);
  }

  private constructor(origin: string) {
    const first = Promise.withResolvers<void>();
    this.firstAnswer = first.promise;
    this.#guessers = Array.from({ length: GUESSERS }, async () => {
      while (!this.#isOver) {
        const status = await this.#guess(origin);
        // A 503 says that too many wait already: nobody's password was looked at.
        if (status === 401) this.#answered += 1;
        first.resolve();
      }
    });
  }

  /** How many passwords were checked. */
  get answered(): number {
    return this.#answered;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#guessers);
  }

  async #guess(origin: string): Promise<number> {
    const number = this.#sent++;
    const from = [10, number >> 16, (number >> 8) & 255, number & 255].join('.');
    const answer = await fetch(`${origin}/api/auth/sign-in/email`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json', 'x-forwarded-for': from },
      body: JSON.stringify({ email: `guess-${crypto.randomUUID()}@example.com`, password: 'correct horse' }),
    });
    await answer.text();
    return answer.status;
  }
}
