/** What a gateway is built from, and what whoever runs it may ask of it. */
import type { Accounts } from './accounts/build.ts';
import type { PasswordCost } from './accounts/sign-in/password-hash.ts';
import type { Billing } from './billing/build.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { Route } from './http/route.ts';
import type { HttpServer } from './http/server.ts';
import type { Logger } from './log.ts';
import type { Database } from './storage/database.ts';

export interface GatewayOptions {
  config: Config;
  database: Database;
  clock: Clock;
  logger: Logger;
  /** Names this process' journal in the database. */
  nodeId: string;
  /** The journal can no longer keep records: the process must end and recover. */
  onJournalFailure: (cause: unknown) => void;
  /** Prints a line for the operator, who alone may see it: links that work, where there is no mail. */
  announce?: (line: string) => void;
  holdBackMs?: number;
  keepAliveMs?: number;
  /** Of passwords that are set from now on; unless told, what OWASP asks for. */
  passwordCost?: PasswordCost;
}

export interface Gateway {
  readonly routes: readonly Route[];
  readonly accounts: Accounts;
  readonly billing: Billing;
  readonly fetch: (request: Request, server: HttpServer) => Response | Promise<Response>;
  readonly modelCount: number;
  /** Other secrets in the place of those it has. Rejects, and changes nothing, where they cannot be used. */
  applySecrets(config: Config): Promise<void>;
  /** Builds the pages if they must be built, so that nobody has to wait for them; a failure is logged. */
  preparePages(): Promise<void>;
  /** Says from now on that it is not ready, and with each answer that its connection ends there; serves on. */
  retire(): void;
  /** Refuses new inference. */
  refuse(): void;
  /** Requests for inference and streams that run, also those whose clients have left. */
  running(): number;
  /** Ends and writes down what still runs, and tells whoever waits for it. */
  endRunning(): void;
  /** Does that too, and lets go of everything but the database. */
  close(): Promise<void>;
}
