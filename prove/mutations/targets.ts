/** What turns a provider's words into money and an answer's end, and the tests that hold it down, the quickest ones first. */

export interface Target {
  readonly file: string;
  /** Paths of tests; the next ones run where those before noticed nothing. */
  readonly stages: readonly (readonly string[])[];
}

const GOLDEN = ['src/dialects/golden.test.ts'];
const BILLS = ['test/e2e/doors/bills.test.ts'];

const ofProvider = (name: string): readonly Target[] =>
  ['usage.ts', 'stop-reason.ts'].map((file) => ({
    file: `src/providers/${name}/${file}`,
    stages: [[`src/providers/${name}`], GOLDEN, BILLS],
  }));

const ofDialect = (name: string, files: readonly string[]): readonly Target[] =>
  files.map((file) => ({
    file: `src/dialects/${name}/${file}`,
    stages: [[`src/dialects/${name}`], GOLDEN, BILLS],
  }));

export const TARGETS: readonly Target[] = [
  ...['openai-compatible', 'anthropic', 'google', 'ai-sdk'].flatMap(ofProvider),
  ...ofDialect('openai-chat', ['usage-json.ts']),
  ...ofDialect('openai-responses', ['usage-json.ts']),
  ...ofDialect('anthropic-messages', ['usage-json.ts', 'stop-reason.ts']),
  ...ofDialect('google-generate', ['usage-json.ts']),
  { file: 'src/chat/usage.ts', stages: [['src/chat'], ['src/providers'], GOLDEN, BILLS] },
  { file: 'src/pricing/cost.ts', stages: [['src/pricing'], ['src/metering'], BILLS] },
  { file: 'src/metering/settle.ts', stages: [['src/metering/settle'], ['src/metering'], BILLS] },
  {
    file: 'src/metering/estimate.ts',
    stages: [['src/metering/estimate.test.ts'], ['src/metering'], ['src/inference'], BILLS],
  },
  { file: 'src/metering/usage-sums.ts', stages: [['src/metering/verify.test.ts'], ['src/metering']] },
];
