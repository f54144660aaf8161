import { expect, test } from 'bun:test';
import type { Endpoint } from '../catalogue/model.ts';
import { ManualClock } from '../clock.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { openAiChat } from '../dialects/openai-chat/dialect.ts';
import { openAiText } from '../dialects/openai-text/dialect.ts';
import type { TurnpikeError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { HoldQueue } from '../limits/hold-queue.ts';
import { countedUsage } from '../metering/estimate.ts';
import type { Ending, Tried } from '../metering/recorder.ts';
import { FREE } from '../pricing/cost.ts';
import type { ChatCall } from '../providers/adapter.ts';
import { endpointOf, modelOf, providerOf } from '../routing/__fixtures__/endpoints.ts';
import {
  type Line,
  refused,
  ScriptedAdapter,
  said,
  started,
  WHOLE,
} from '../routing/__fixtures__/scripted.ts';
import { EndpointHealth } from '../routing/health.ts';
import { StickyEndpoints } from '../routing/sticky.ts';
import { Stopping } from '../routing/stopping.ts';
import { Ways } from '../routing/ways.ts';
import { Client, turn } from './__fixtures__/answering.ts';
import { type Caller, type CompleteServices, createComplete } from './complete.ts';

const FRAME = { headers: new Headers(), params: {}, query: new URLSearchParams() };
const NOW_MS = Date.parse('2026-11-20T12:00:00Z');

/** A gateway of one model with this endpoint, for a key without a limit, whose provider does what the script says. */
function gateway(members: Partial<Endpoint>, script: (line: Line) => void, defect: () => void = () => {}) {
  const provider = providerOf({ slug: 'acme', name: 'Acme', format: 'openai' });
  const model = modelOf({ id: 'acme/small', endpoints: [endpointOf({ provider, ...members })] });
  const adapter = new ScriptedAdapter(script);
  const steps: string[] = [];
  const settled: { tried: Tried; ending: Ending }[] = [];
  const complete = createComplete({
    catalogue: () => ({
      find: (id: string) => (id === model.id ? { model, router: null, variant: null } : null),
      downgrades: new Map(),
      findRouter: () => null,
      isKnown: async () => null,
    }),
    config: {
      budgets: { freeWhenSpent: true, downgrade: [] },
      limits: {
        ...{ firstByteTimeoutMs: 1, answerTimeoutMs: 2, idleTimeoutMs: 3 },
        ...{ defaultMaxTokens: 4096, maxHoldNanoUsd: null },
      },
    },
    clock: new ManualClock(NOW_MS),
    wallets: { walletFor: async () => ({ scopes: [], account: { free: { take() {} } } }) },
    leases: null,
    adapters: { openai: adapter, echo: adapter },
    health: new EndpointHealth(),
    ways: new Ways(),
    ownKeysOf: () => null,
    sticky: new StickyEndpoints(),
    recorder: {
      opened: async () => steps.push('opened'),
      progressed: () => steps.push('progressed'),
      settled: async (_: unknown, tried: Tried, ending: Ending) => {
        steps.push('settled');
        settled.push({ tried, ending });
        return { usage: countedUsage(ending.reported, ending.seen).usage, cost: FREE };
      },
    },
    runningStreams: {
      add: () => () => {
        steps.push('forgotten');
        defect();
      },
    },
    stopping: new Stopping(),
    holdQueue: new HoldQueue({ waitMs: 0, stopping: new Stopping() }),
    admitKey: () => ({}),
    availabilityDocsUrl: 'https://gateway.example/docs',
  } as unknown as CompleteServices);
  const ask = (body: JsonObject, dialect: Dialect = openAiChat) => {
    const asked = { model: 'acme/small', messages: [{ role: 'user', content: 'hi' }], ...body };
    const caller = { dialect, generationId: 'gen-1', principal: {}, attribution: {}, requestId: 'req-1' };
    return complete(dialect.parse(asked, 100, FRAME), { ...caller, signal: null } as unknown as Caller);
  };
  return { ask, adapter, steps, settled };
}

const fine = ({ reader }: Line): void => {
  reader.onAnswered();
  reader.onWhole(WHOLE);
};

/** The call that an endpoint gets for a request. */
async function callTo(endpoint: Partial<Endpoint>, body: JsonObject): Promise<ChatCall> {
  const { ask, adapter } = gateway(endpoint, fine);
  await ask(body);
  return adapter.lines[0]!.call;
}

test('an endpoint is sent no higher cap than its own, and none where nothing needs one', async () => {
  const cap = async (maxCompletionTokens: number | null, body: JsonObject) =>
    (await callTo({ maxCompletionTokens }, body)).maxTokens;
  expect(await cap(50, { max_tokens: 49 })).toBe(49);
  expect(await cap(50, { max_tokens: 51 })).toBe(50);
  expect(await cap(50, {})).toBeNull();
  expect(await cap(null, { max_tokens: 51 })).toBe(51);
});

test('a vendor that demands a cap is sent the most that its model writes, or the usual one', async () => {
  const cap = async (maxCompletionTokens: number | null, body: JsonObject) => {
    const { ask, adapter } = gateway({ maxCompletionTokens }, fine);
    Object.assign(adapter, { demandsCap: true });
    await ask(body);
    return adapter.lines[0]!.call.maxTokens;
  };
  expect(await cap(50, {})).toBe(50);
  expect(await cap(null, {})).toBe(4096);
  expect(await cap(50, { max_tokens: 49 })).toBe(49);
});

test('an endpoint is spared what only colours an answer and what it does not know; never tools or formats', async () => {
  const asked = { seed: 1, top_k: 5, tools: [], response_format: { type: 'text' } };
  const spared = async (supportedParameters: string[]) =>
    (await callTo({ supportedParameters }, asked)).withoutParameters;
  expect(await spared(['top_k'])).toEqual(['seed']);
  expect(await spared(['top_k', 'seed'])).toEqual([]);
  // Of one that says nothing nothing is known.
  expect(await spared([])).toEqual([]);
});

test('a call goes where its endpoint is, in the dialect of its caller and with the time that is given', async () => {
  const call = await callTo({ upstreamModel: 'small-2026' }, {});
  expect(call.target.upstreamModel).toBe('small-2026');
  expect(call).toMatchObject({
    dialect: 'openai-chat',
    stream: false,
    timeouts: { firstByteMs: 1, answerMs: 2, idleMs: 3 },
  });
});

test('a whole answer is settled, then told in the dialect of its route', async () => {
  for (const [dialect, object] of [
    [openAiChat, 'chat.completion'],
    [openAiText, 'text_completion'],
  ] as const) {
    const { ask, steps, settled } = gateway({}, fine);
    const completed = await ask({ prompt: 'hi' }, dialect);
    expect(completed).toMatchObject({
      kind: 'body',
      body: { id: 'gen-1', object, created: NOW_MS / 1000, model: 'acme/small', provider: 'Acme' },
    });
    expect(steps).toEqual(['opened', 'settled']);
    expect(settled[0]?.ending).toMatchObject({
      cancelled: false,
      seen: { promptBytes: 100, writtenBytes: 2 },
    });
  }
});

test('a stream is opened, marked when it begins, and settled once at its end', async () => {
  const { ask, adapter, steps, settled } = gateway({}, ({ reader }) => {
    reader.onAnswered();
    reader.onEvents([started(), said('hi')]);
  });
  const completed = await ask({ stream: true, debug: { echo_upstream_body: true } });
  if (completed.kind !== 'stream') throw new Error('not a stream');
  const client = new Client();
  completed.stream.start(client);
  adapter.lines[0]?.reader.onEnd();
  await turn();
  const events = client.events();
  expect(events[0]).toMatchObject({ choices: [], debug: { echo_upstream_body: {} } });
  expect(client.said()).toBe('hi');
  expect(events.at(-1)).toMatchObject({ id: 'gen-1', choices: [], usage: { prompt_tokens: 25 } });
  expect(steps).toEqual(['opened', 'progressed', 'forgotten', 'settled']);
  expect(settled[0]?.tried.attempts).toMatchObject([{ tag: 'acme', status: 200 }]);
});

test('a request that nobody answered is settled without cost, and its failure is told', async () => {
  const { ask, steps, settled } = gateway({}, ({ reader }) => reader.onFailure(refused(500)));
  const thrown = await ask({}).then(
    () => null,
    (error: TurnpikeError) => error,
  );
  expect(thrown).toMatchObject({ status: 502, code: 'provider_unavailable' });
  expect(steps).toEqual(['opened', 'settled']);
  expect(settled[0]).toMatchObject({
    tried: { firstByteMs: null, attempts: [{ status: 500 }] },
    ending: { reported: null, finishReason: 'error', cancelled: false, seen: { promptBytes: 0 } },
  });
});

test('a stream that cannot be told to its caller is settled and ends at its provider, and the caller is told', async () => {
  const { ask, adapter, steps, settled } = gateway({}, ({ reader }) => {
    reader.onAnswered();
    reader.onEvents([started(), said('hi')]);
  });
  const dialect: Dialect = {
    ...openAiChat,
    encoder: (head) =>
      Object.assign(openAiChat.encoder(head), {
        upstreamBody: () => {
          throw new Error('a defect');
        },
      }),
  };
  const asked = ask({ stream: true, debug: { echo_upstream_body: true } }, dialect);
  expect(await asked.then(() => null, String)).toContain('a defect');
  expect(steps).toEqual(['opened', 'progressed', 'settled']);
  expect(settled[0]?.ending).toMatchObject({ finishReason: 'error' });
  expect(adapter.lines[0]?.heard).toContain('cancel');
});

test('a stream is charged what it came to though something else fails at its end', async () => {
  const { ask, adapter, settled } = gateway(
    {},
    ({ reader }) => {
      reader.onAnswered();
      reader.onEvents([started(), said('hi')]);
    },
    () => {
      throw new Error('a defect');
    },
  );
  const completed = await ask({ stream: true });
  if (completed.kind !== 'stream') throw new Error('not a stream');
  const client = new Client();
  completed.stream.start(client);
  adapter.lines[0]?.reader.onEnd();
  await turn();
  expect([client.ends, client.text.includes('"error"')]).toEqual([1, true]);
  expect(settled.map(({ ending }) => ending.seen)).toEqual([
    { promptBytes: 100, writtenBytes: 2, imageCount: 0 },
  ]);
});
