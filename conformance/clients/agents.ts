/** The coding agents, headless, as docs/clients.md tells people to set them up. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Beside, Client, Feature, Site } from '../client.ts';
import { nodeOf } from '../install.ts';

const AGENT: readonly Feature[] = [
  'text',
  'tools',
  'wrong key',
  'spent key',
  '429 once',
  '503 once',
  '529 twice',
  'cut once',
];

const bin = (site: Site, name: string) => join(site.npmDir, 'node_modules/.bin', name);

const claudeCode = (name: string, model: string, features: Partial<Client>): Client => ({
  name,
  package: { npm: '@anthropic-ai/claude-code' },
  features: [...AGENT, 'models'],
  toolName: 'Read',
  timeoutMs: 150_000,
  ...features,
  command: (site, task) => ({
    argv: [
      ...[bin(site, 'claude'), '--model', model, '--dangerously-skip-permissions'],
      ...(task.continues === true ? ['-c', '-p', task.prompt] : ['-p', task.prompt]),
    ],
    env: {
      ANTHROPIC_BASE_URL: `${site.host}/api`,
      ANTHROPIC_AUTH_TOKEN: task.key,
      ANTHROPIC_SMALL_FAST_MODEL: 'acme/aside',
      DISABLE_AUTOUPDATER: '1',
      // Otherwise it refuses to skip its questions where root runs this.
      IS_SANDBOX: '1',
      ...(task.ask === 'models' ? { CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY: '1' } : {}),
    },
  }),
  checkModels(task) {
    const cache = join(task.home, '.claude/cache/gateway-models.json');
    const found = readOrEmpty(cache);
    return found.includes('acme/claude-heron') ? null : `its list of models is ${found.slice(0, 200)}`;
  },
});

/** What an agent does beside its vendor. A wrong key is left out of Claude Code's: it asks Anthropic for three minutes. */
const BESIDE: readonly Beside[] = [
  'vendor: tools',
  'vendor: 429',
  'vendor: overloaded',
  'vendor: cut',
  'vendor: spent',
];

interface CodexKind {
  readonly transport: 'HTTP' | 'WebSocket';
  readonly auth?: 'key' | 'command';
  readonly vendor?: 'openai';
}

function codex(name: string, { transport, auth = 'key', vendor }: CodexKind): Client {
  return {
    name,
    package: { npm: '@openai/codex' },
    features:
      vendor === undefined
        ? [...AGENT, 'quick start', ...(auth === 'command' ? (['models'] as const) : [])]
        : auth === 'command'
          ? ['vendor: instructions']
          : [...BESIDE, 'vendor: wrong key'],
    ...(vendor === undefined ? {} : { vendor }),
    toolName: 'get_goal',
    // Six over HTTP, after seven that were to become a WebSocket, or twice with a command that could give another key.
    triesWhenRefused: transport === 'WebSocket' ? 13 : auth === 'command' ? 12 : 6,
    timeoutMs: 120_000,
    command(site, task) {
      const home = join(task.home, '.codex');
      const credential =
        auth === 'key'
          ? 'env_key = "OPENROUTER_API_KEY"'
          : '[model_providers.turnpike.auth]\ncommand = "sh"\nargs = ["-c", "echo $OPENROUTER_API_KEY"]';
      writeInto(
        join(home, 'config.toml'),
        `model = "${vendor === undefined ? 'acme/small' : 'openai/gpt-5.5'}"
model_provider = "turnpike"
[model_providers.turnpike]
name = "Turnpike"
base_url = "${site.host}/api/v1"
supports_websockets = ${transport === 'WebSocket'}
${credential}
`,
      );
      return {
        argv: [
          ...[nodeOf(), bin(site, 'codex'), 'exec', '--skip-git-repo-check'],
          ...['--sandbox', 'read-only', task.prompt],
        ],
        env: { CODEX_HOME: home, OPENROUTER_API_KEY: task.key },
      };
    },
    checkModels: (_task, { stderr }) =>
      /Model metadata for .* not found|failed to (?:refresh|decode)/i.exec(stderr)?.[0] ?? null,
  };
}

export const geminiCli: Client = {
  name: 'Gemini CLI',
  package: { npm: '@google/gemini-cli' },
  features: AGENT,
  toolName: 'list_directory',
  timeoutMs: 150_000,
  command(site, task) {
    writeInto(
      join(task.home, '.gemini/settings.json'),
      JSON.stringify({ security: { auth: { selectedType: 'gemini-api-key' } } }),
    );
    return {
      argv: [
        nodeOf(),
        bin(site, 'gemini'),
        ...['-m', 'acme/small', '--skip-trust', '--approval-mode', 'yolo', '-p', task.prompt],
      ],
      env: { GOOGLE_GEMINI_BASE_URL: `${site.host}/api`, GEMINI_API_KEY: task.key },
    };
  },
};

function opencode(npm: string, path: string): Client {
  return {
    name: `opencode, ${npm}`,
    package: { npm: 'opencode-ai' },
    features: AGENT,
    toolName: 'glob',
    // The turn, and a title for it beside.
    triesWhenRefused: 2,
    isBlindToCuts: true,
    timeoutMs: 120_000,
    command(site, task) {
      const settings = {
        $schema: 'https://opencode.ai/config.json',
        autoupdate: false,
        share: 'disabled',
        permission: 'allow',
        model: 'turnpike/acme/small',
        small_model: 'turnpike/acme/aside',
        provider: {
          turnpike: {
            npm,
            name: 'Turnpike',
            options: { baseURL: `${site.host}${path}`, apiKey: '{env:OPENROUTER_API_KEY}' },
            models: { 'acme/small': { name: 'Small' }, 'acme/aside': { name: 'Aside' } },
          },
        },
      };
      writeInto(join(task.cwd, 'opencode.json'), JSON.stringify(settings));
      return {
        argv: [bin(site, 'opencode'), 'run', '--pure', task.prompt],
        env: { OPENROUTER_API_KEY: task.key, OPENCODE_DISABLE_MODELS_FETCH: '1' },
      };
    },
  };
}

export const aider: Client = {
  name: 'aider',
  package: { python: 'aider-chat' },
  // It calls no tools.
  features: AGENT.filter((feature) => feature !== 'tools'),
  isBlindToCuts: true,
  // Its own repeats, of whatever it does not know: a 402 is not in its list.
  triesWhenRefused: 9,
  // It waits longer each time, for a minute and more.
  timeoutMs: 180_000,
  command: (site, task) => ({
    argv: [
      join(site.pythonBin ?? '', 'aider'),
      ...['--model', 'openai/acme/small', '--message', task.prompt, '--no-git', '--yes-always'],
      ...[
        '--no-check-update',
        '--no-show-model-warnings',
        '--no-analytics',
        '--no-pretty',
        '--map-tokens',
        '0',
      ],
    ],
    env: {
      OPENAI_API_BASE: `${site.host}/api/v1`,
      OPENAI_API_KEY: task.key,
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
    },
  }),
};

export const AGENTS: readonly Client[] = [
  claudeCode('Claude Code', 'acme/claude-heron', {}),
  claudeCode('Claude Code, Anthropic', 'claude-opus-4-5', {
    vendor: 'anthropic',
    features: ['prompt cache', 'token count', ...BESIDE],
  }),
  codex('Codex, HTTP', { transport: 'HTTP' }),
  codex('Codex, WebSocket', { transport: 'WebSocket' }),
  codex('Codex, command auth', { transport: 'HTTP', auth: 'command' }),
  codex('Codex, OpenAI, HTTP', { transport: 'HTTP', vendor: 'openai' }),
  codex('Codex, OpenAI, WebSocket', { transport: 'WebSocket', vendor: 'openai' }),
  codex('Codex, OpenAI, command auth', { transport: 'HTTP', auth: 'command', vendor: 'openai' }),
  geminiCli,
  opencode('@ai-sdk/openai-compatible', '/api/v1'),
  opencode('@ai-sdk/anthropic', '/api/v1'),
  opencode('@ai-sdk/openai', '/api/v1'),
  opencode('@ai-sdk/google', '/api/v1beta'),
  opencode('@openrouter/ai-sdk-provider', '/api/v1'),
  aider,
];

function writeInto(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
