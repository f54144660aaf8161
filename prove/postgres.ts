/** One PostgreSQL for the scenarios that need it, with a database for each. */
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../test/postgres-server.ts';

export class Postgres implements AsyncDisposable {
  readonly #server: PostgresServer;

  static async start(): Promise<Postgres> {
    return new Postgres(await startPostgres());
  }

  private constructor(server: PostgresServer) {
    this.#server = server;
  }

  async newDatabase(): Promise<string> {
    const name = `prove_${crypto.randomUUID().replaceAll('-', '')}`;
    const client = new pg.Client({ connectionString: this.#server.urlOf('postgres') });
    await client.connect();
    try {
      await client.query(`CREATE DATABASE ${name}`);
    } finally {
      await client.end();
    }
    return this.#server.urlOf(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
  }
}
