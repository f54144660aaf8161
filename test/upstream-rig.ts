/** What the tests of the client to providers open, and close again after each of them. */
import { afterEach } from 'bun:test';
import { type ClientOptions, createUpstreamClient } from '../src/upstream/client.ts';
import type { UpstreamClient } from '../src/upstream/upstream.ts';
import { type RawProvider, type RawScript, rawProvider } from './raw-provider.ts';

export interface UpstreamRig {
  readonly provider: (script: RawScript) => RawProvider;
  /** Ends idle connections soon, and lets none rest between two requests. */
  readonly client: (options?: ClientOptions) => UpstreamClient;
  /** To close something else after the test; what was opened last is closed first. */
  readonly onEnd: (close: () => void) => void;
}

/** Once a file, outside of its tests. */
export function upstreamRig(): UpstreamRig {
  const opened: (() => void)[] = [];
  afterEach(() => {
    for (const close of opened.splice(0).reverse()) close();
  });
  return {
    provider(script) {
      const made = rawProvider(script);
      opened.push(() => made[Symbol.dispose]());
      return made;
    },
    client(options = {}) {
      const made = createUpstreamClient({ environment: {}, sweepMs: 10, lettingRest: false, ...options });
      opened.push(() => made.close());
      return made;
    },
    onEnd: (close) => opened.push(close),
  };
}
