/** The adapter for every provider that a package of the AI SDK speaks to. Callers of every dialect are typed here. */
import type { LanguageModelV4, SharedV4Warning } from '@ai-sdk/provider';
import type { ChatPayload } from '../../chat/prompt.ts';
import { TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import type { ChatCall, ChatReader, Exchange, ProviderAdapter, ProviderTarget } from '../adapter.ts';
import { SdkExchange } from './exchange.ts';
import type { LoadedProvider, LoadedProviders } from './load.ts';
import type { SdkTarget } from './packages.ts';
import type { Addressee } from './prompt.ts';
import { knowsBudget, sdkReasoning, withinCap } from './reasoning.ts';
import { callOptions } from './request.ts';

/** What a package leaves out or changes of a request, in its own words. */
export type OnIgnored = (provider: string, model: string, what: string) => void;

/** The most that Anthropic documents for a system prompt of its own beside tools, and room for a package's own instruction on JSON. */
const TOOL_PROMPT_TOKENS = 700;

export function aiSdk(loaded: LoadedProviders, onIgnored: OnIgnored): ProviderAdapter {
  const ignoring = onceEach(onIgnored);
  return {
    format: 'ai-sdk',
    native: [],
    chat: (call, reader) => chat(loaded, call, reader, ignoring),
    refusal: (payload, target) => refusal(loaded, payload, target),
    promptOverheadTokens,
    honoursReasoning: (wish, { quirks }) => wish === null || quirks.reasoning !== 'none',
    requestBody: (call) => requestBody(loaded, call),
  };
}

function chat(loaded: LoadedProviders, call: ChatCall, reader: ChatReader, ignoring: OnIgnored): Exchange {
  const { target, payload, withoutParameters, maxTokens } = call;
  const { provider, slug } = providerOf(loaded, target);
  const to = addressee(provider, target);
  const ignored = (what: string) => ignoring(slug, target.upstreamModel, what);
  const wish = withoutParameters.includes('reasoning') ? null : payload.reasoning;
  const exchange = new SdkExchange(
    {
      to,
      secrets: provider.secrets,
      isStream: call.stream,
      maxTokens,
      timeouts: call.timeouts,
      mustBePublic: target.mustBePublic,
      model: () => modelOf(provider, target),
      options: (isTight) => {
        if (!isTight)
          return callOptions({ payload, withoutParameters, to }, sdkReasoning(wish, to, maxTokens), ignored);
        if (wish === null || maxTokens === null || !knowsBudget(to)) return null;
        const reasoning = withinCap(wish, to, maxTokens);
        return callOptions({ payload, withoutParameters, to }, reasoning, ignored);
      },
      onWarning: (warning) => ignored(describe(warning)),
    },
    reader,
  );
  exchange.begin();
  return exchange;
}

function refusal(
  loaded: LoadedProviders,
  payload: ChatPayload,
  target: ProviderTarget,
): TurnpikeError | null {
  const { provider } = providerOf(loaded, target);
  const to = addressee(provider, target);
  try {
    callOptions({ payload, withoutParameters: [], to }, { maxOutputTokens: null }, () => undefined);
    return null;
  } catch (thrown) {
    if (thrown instanceof TurnpikeError) return thrown;
    throw thrown;
  }
}

/** What the package is told; the vendor's own body is its to make. */
function requestBody(loaded: LoadedProviders, call: ChatCall): JsonObject {
  const { target, payload, withoutParameters, maxTokens } = call;
  const { provider } = providerOf(loaded, target);
  const to = addressee(provider, target);
  const wish = withoutParameters.includes('reasoning') ? null : payload.reasoning;
  const options = callOptions(
    { payload, withoutParameters, to },
    sdkReasoning(wish, to, maxTokens),
    () => undefined,
  );
  return { model: target.upstreamModel, ...options };
}

function promptOverheadTokens(payload: ChatPayload): number {
  const { tools, format } = payload.prompt();
  return tools.length > 0 || (format !== null && format.type !== 'text') ? TOOL_PROMPT_TOKENS : 0;
}

function providerOf(
  loaded: LoadedProviders,
  { sdk, baseUrl, apiKey }: ProviderTarget,
): { provider: LoadedProvider; slug: string } {
  const slug = sdk?.slug ?? '';
  const provider = loaded.get(slug);
  if (sdk === undefined || provider === undefined)
    throw new Error(`The package of the provider "${slug}" was not loaded at the start`);
  if (sdk.isOwn !== true) return { provider, slug };
  let own = ownProviders.get(sdk);
  if (own === undefined) {
    own = provider.withOwn({ sdk, baseUrl, apiKey });
    ownProviders.set(sdk, own);
  }
  return { provider: own, slug };
}

/** By the settings of somebody's own key: gone with them. */
const ownProviders = new WeakMap<SdkTarget, LoadedProvider>();

function addressee({ traits }: LoadedProvider, { upstreamModel, quirks, origin }: ProviderTarget): Addressee {
  return { traits, upstreamModel, quirks, origin };
}

const models = new WeakMap<ProviderTarget, LanguageModelV4>();

function modelOf(provider: LoadedProvider, target: ProviderTarget): LanguageModelV4 {
  const known = models.get(target);
  if (known !== undefined) return known;
  const model = provider.model(target.upstreamModel);
  models.set(target, model);
  return model;
}

function describe(warning: SharedV4Warning): string {
  switch (warning.type) {
    case 'unsupported':
    case 'compatibility':
      return warning.details === undefined ? warning.feature : `${warning.feature}: ${warning.details}`;
    case 'deprecated':
      return `${warning.setting}: ${warning.message}`;
    default:
      return warning.message;
  }
}

const MAX_REMEMBERED = 1000;

/** The log is told of each thing once, for it comes with every request of its kind. */
function onceEach(tell: OnIgnored): OnIgnored {
  const told = new Set<string>();
  return (provider, model, what) => {
    const key = `${provider}\n${model}\n${what}`;
    if (told.has(key) || told.size >= MAX_REMEMBERED) return;
    told.add(key);
    tell(provider, model, what);
  };
}
