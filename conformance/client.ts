/** What a client under test is, and what it is asked to do. */
import type { Command, Outcome } from './process.ts';
import type { NpmPackage, PythonPackage } from './versions.ts';

/** What the prompt asks for; the features of a client are these under different keys and faults. */
export type Ask =
  | 'text'
  | 'stream'
  | 'tools'
  | 'models'
  | 'embeddings'
  | 'responses'
  | 'responses stream'
  | 'operations';

export type Feature =
  | Ask
  | 'wrong key'
  | 'spent key'
  | '429 once'
  | '503 once'
  | '529 twice'
  | 'cut once'
  | 'quick start'
  | Beside;

/** What is played against the vendor itself, and then through Turnpike in front of the same vendor. */
export type Beside =
  | 'prompt cache'
  | 'token count'
  | 'vendor: tools'
  | 'vendor: instructions'
  | 'vendor: 429'
  | 'vendor: overloaded'
  | 'vendor: cut'
  | 'vendor: spent'
  | 'vendor: wrong key';

/** Where everything is, of one run. */
export interface Site {
  /** Of the relay in front of Turnpike: `http://127.0.0.1:<port>`. */
  readonly host: string;
  /** Has `node_modules` with what npm installed. */
  readonly npmDir: string;
  /** The `bin` of the Python clients; null where there is none. */
  readonly pythonBin: string | null;
  /** Of the gateway, for what only programs of its owner do. */
  readonly owner: {
    readonly managementKey: string;
    readonly dataDir: string;
    /** Somebody who is a member of the organisation. */
    readonly memberId: string;
  };
}

export interface Task {
  readonly ask: Ask;
  readonly key: string;
  readonly prompt: string;
  /** The conversation of this home and folder goes on. */
  readonly continues?: boolean;
  /** Empty and its own; may be written to before the client starts. */
  readonly home: string;
  /** Of a person who works there. */
  readonly cwd: string;
}

export interface Client {
  readonly name: string;
  readonly package: { readonly npm: NpmPackage } | { readonly python: PythonPackage };
  readonly features: readonly Feature[];
  /** Whose format it speaks, and whose model it asks for, in features that are played against a vendor. */
  readonly vendor?: 'anthropic' | 'openai';
  /** Which of its tools the fake provider calls in a tool turn. */
  readonly toolName?: string;
  /** Most requests that it may send for one prompt when its key is wrong or spent; 1 unless told. */
  readonly triesWhenRefused?: number;
  /** It takes a cut answer for a whole one, whatever a gateway sends: seen, and not held against Turnpike. */
  readonly isBlindToCuts?: boolean;
  /** It repeats no 429, and its user reads of it. */
  readonly leaves429?: boolean;
  readonly timeoutMs?: number;
  command(site: Site, task: Task): Command;
  /** Further conditions of `models`; what is wrong, or null. */
  checkModels?(task: Task, outcome: Outcome): string | null;
}
