/** What a command of `turnpike` is. */
import type { Config } from '../config/config.ts';
import type { SecretSource } from '../secrets/secret-source.ts';

export interface CommandContext {
  readonly config: Config;
  readonly print: (line: string) => void;
  /** Where the configuration has its secrets from; absent: they are what they were. */
  readonly secrets?: SecretSource;
}

export interface Command {
  readonly summary: string;
  /** It says by itself what is wrong with the configuration, and gets none. */
  readonly readsConfigItself?: true;
  /** It works on what a gateway has made, and makes nothing in its place where there is nothing. */
  readonly needsInstallation?: true;
  /** `run` gives the exit code. */
  readonly load: () => Promise<{ run: (args: string[], context: CommandContext) => Promise<number> }>;
}
