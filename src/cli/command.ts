/** What a command of `turnpike` is. */
import type { Config } from '../config/config.ts';

export interface CommandContext {
  readonly config: Config;
  readonly print: (line: string) => void;
}

export interface Command {
  readonly summary: string;
  /** `run` gives the exit code. */
  readonly load: () => Promise<{ run: (args: string[], context: CommandContext) => Promise<number> }>;
}
