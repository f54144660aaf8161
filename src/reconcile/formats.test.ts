/** The forms that bills come in: bytes of the vendors' references and of exports of theirs, each with where it is from. */
import { describe, expect, test } from 'bun:test';
import type { Amounts } from './amounts.ts';
import { Bill } from './bill.ts';
import { readBill } from './read-bill.ts';

async function* pieces(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

async function read(text: string, { zone = 'UTC', size = 7 } = {}) {
  const bill = new Bill();
  const format = await readBill(bill, pieces(text, size), zone);
  const cells = bill.days.flatMap((day) =>
    [...bill.cells(day)].map(([model, { told, amounts }]) => ({
      ...{ day, model },
      ...(Object.fromEntries(
        [...told].map((dimension) => [dimension, amounts[dimension]]),
      ) as Partial<Amounts>),
    })),
  );
  return { bill, format, cells };
}

/** Anthropic's API reference, "Get Messages Usage Report", response 200. */
const ANTHROPIC_USAGE = `{
  "data": [
    {
      "ending_at": "2025-08-02T00:00:00Z",
      "results": [
        {
          "api_key_id": "apikey_01Rj2N8SVvo6BePZj99NhmiT",
          "cache_creation": {
            "ephemeral_1h_input_tokens": 1000,
            "ephemeral_5m_input_tokens": 500
          },
          "cache_read_input_tokens": 200,
          "context_window": "0-200k",
          "model": "claude-sonnet-4-20250514",
          "output_tokens": 500,
          "server_tool_use": {
            "web_search_requests": 10
          },
          "service_tier": "standard",
          "uncached_input_tokens": 1500,
          "workspace_id": "wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ"
        }
      ],
      "starting_at": "2025-08-01T00:00:00Z"
    }
  ],
  "has_more": true,
  "next_page": "page_MjAyNS0wNS0xNFQwMDowMDowMFo="
}`;

/** Anthropic's API reference, "Get Cost Report", response 200: the amount is in cents. */
const ANTHROPIC_COST = `{
  "data": [
    {
      "ending_at": "2025-08-02T00:00:00Z",
      "results": [
        {
          "amount": "123.78912",
          "context_window": "0-200k",
          "cost_type": "tokens",
          "currency": "USD",
          "description": "Claude Sonnet 4 Usage - Input Tokens",
          "model": "claude-sonnet-4-20250514",
          "service_tier": "standard",
          "token_type": "uncached_input_tokens",
          "workspace_id": "wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ"
        }
      ],
      "starting_at": "2025-08-01T00:00:00Z"
    }
  ],
  "has_more": false,
  "next_page": null
}`;

/** OpenAI's API reference, "Completions usage object" and "Costs object", as pages. */
const OPENAI_USAGE = `{"object":"page","data":[{"object":"bucket","start_time":1730419200,"end_time":1730505600,"results":[
  {"object":"organization.usage.completions.result","input_tokens":1000,"output_tokens":500,"input_cached_tokens":800,
   "input_audio_tokens":0,"output_audio_tokens":0,"num_model_requests":5,"project_id":null,"user_id":null,"api_key_id":null,
   "model":null,"batch":null}]}],"has_more":true,"next_page":"page_AAAAAGdGxdEiJdKOAAAAAGcqsYA="}`;
const OPENAI_COSTS = `{"object":"page","data":[{"object":"bucket","start_time":1730419200,"end_time":1730505600,"results":[
  {"object":"organization.costs.result","amount":{"value":0.06,"currency":"usd"},"line_item":"gpt-4o-2024-08-06, input","project_id":null},
  {"object":"organization.costs.result","amount":{"value":0.00454,"currency":"usd"},"line_item":"gpt-4o-2024-08-06, cached input","project_id":null},
  {"object":"organization.costs.result","amount":{"value":1e-7,"currency":"usd"},"line_item":null,"project_id":null}]}],
  "has_more":false,"next_page":null}`;

/** OpenRouter's API reference, "Get user activity grouped by endpoint". */
const OPENROUTER_ACTIVITY = `{"data":[{"date":"2025-08-24","model":"openai/gpt-4.1","model_permaslug":"openai/gpt-4.1-2025-04-14",
  "endpoint_id":"550e8400-e29b-41d4-a716-446655440000","provider_name":"OpenAI","usage":0.015,"byok_usage_inference":0.012,
  "requests":5,"prompt_tokens":50,"completion_tokens":125,"reasoning_tokens":25}]}`;

describe('JSON', () => {
  test('Anthropic’s usage report: the parts of the prompt do not overlap, and it says that there is more', async () => {
    const { cells, bill } = await read(ANTHROPIC_USAGE);
    expect(cells).toEqual([
      {
        ...{ day: '2025-08-01', model: 'claude-sonnet-4-20250514', input: 1500n, cached_read: 200n },
        ...{ cache_write_5m: 500n, cache_write_1h: 1000n, cache_write: 1500n, prompt: 3200n, output: 500n },
      },
    ]);
    expect(bill.isCutOff).toBe(true);
  });

  test('Anthropic’s cost report is in cents, to the last digit', async () => {
    const { cells, bill } = await read(ANTHROPIC_COST);
    expect(cells).toEqual([
      { day: '2025-08-01', model: 'claude-sonnet-4-20250514', cost: 1_237_891_200_000n },
    ]);
    expect(bill.isCutOff).toBe(false);
  });

  test('OpenAI’s usage has the cached tokens within the input', async () => {
    const { cells } = await read(OPENAI_USAGE);
    expect(cells).toEqual([
      { day: '2024-11-01', model: null, requests: 5n, prompt: 1000n, cached_read: 800n, output: 500n },
    ]);
  });

  test('OpenAI’s costs: line items of a model add up, and what names none is the day’s', async () => {
    const { cells } = await read(OPENAI_COSTS);
    expect(cells).toEqual([
      { day: '2024-11-01', model: 'gpt-4o-2024-08-06', cost: 64_540_000_000n },
      { day: '2024-11-01', model: null, cost: 100_000n },
    ]);
  });

  test('OpenRouter’s activity: what own keys paid elsewhere is no part of it', async () => {
    const { cells, format } = await read(OPENROUTER_ACTIVITY);
    expect(format).toBe('OpenRouter, activity');
    expect(cells).toEqual([
      {
        ...{
          day: '2025-08-24',
          model: 'openai/gpt-4.1',
          requests: 5n,
          prompt: 50n,
          output: 125n,
          reasoning: 25n,
        },
        cost: 15_000_000_000n,
      },
    ]);
  });

  test('several pages may stand in one file, a line each', async () => {
    const oneLine = (text: string) => text.replaceAll('\n', ' ');
    const { cells, bill } = await read(`${oneLine(OPENAI_USAGE)}\n${oneLine(OPENAI_COSTS)}\n`);
    expect(cells).toHaveLength(2);
    expect(cells.find(({ model }) => model === null)).toMatchObject({ requests: 5n, cost: 100_000n });
    // Of the costs this was the last page, of the usage not.
    expect(bill.isCutOff).toBe(true);
  });
});

describe('CSV', () => {
  test('the tokens of Anthropic’s Console, by the hour, with its sign for "at most"', async () => {
    // Lines of a download of Console, Usage, "Export".
    const { cells, format } = await read(
      'usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed\n' +
        '2026-03-31 02:00,claude-haiku-4-5-20251001,app,Default,standard,≤ 200k,1124832,0,0,0,254558,0,not_available,\n' +
        '2026-03-31 03:00,claude-haiku-4-5-20251001,app,Default,standard,≤ 200k,506280,0,0,0,117816,0,not_available,\n',
      { size: 3 },
    );
    expect(format).toBe('Anthropic Console, tokens');
    expect(cells).toEqual([
      {
        ...{ day: '2026-03-31', model: 'claude-haiku-4-5-20251001', input: 1_631_112n, cached_read: 0n },
        ...{ cache_write: 0n, cache_write_5m: 0n, cache_write_1h: 0n, prompt: 1_631_112n, output: 372_374n },
      },
    ]);
  });

  test('the costs of Anthropic’s Console are rounded to cents, and say so', async () => {
    // Lines of a download of Console, Cost, "Export".
    const { cells, bill } = await read(
      'usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,inference_geo,speed\n' +
        '2026-08-15,Claude Haiku 4.5,Default,app,message,≤ 200k,input_no_cache,0.19,0.19,token,global,\n' +
        '2026-08-15,Claude Haiku 4.5,Default,app,message,≤ 200k,output,0.03,0.03,token,global,\n' +
        '2026-08-15,,Default,app,,,,0.10,0.10,web_search,global,\n',
    );
    expect(cells).toEqual([
      { day: '2026-08-15', model: 'Claude Haiku 4.5', cost: 220_000_000_000n },
      { day: '2026-08-15', model: 'web_search', cost: 100_000_000_000n },
    ]);
    expect(bill.cells('2026-08-15').get('Claude Haiku 4.5')?.slackPicoUsd).toBe(10_000_000_000n);
    expect(bill.cells('2026-08-15').get('web_search')?.mayBeOther).toBe(true);
  });

  test('the costs of OpenAI’s dashboard: thirty decimals, days of nothing, commas in quotes, tabs as well', async () => {
    // Lines of a download of Usage, "Export", cost data.
    const text =
      'start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,quantity_unit,line_item,project_id\r\n' +
      '1790467200,1790553600,2026-09-27T00:00:00+00:00,2026-09-28T00:00:00+00:00,,,,,,\r\n' +
      '1790553600,1790640000,2026-09-28T00:00:00,2026-09-29T00:00:00,0.003835980000000000000000000000,usd,,,,\r\n' +
      '1790553600,1790640000,2026-09-28T00:00:00,2026-09-29T00:00:00,0.5,usd,1000,tokens,"gpt-5-nano, input_tokens",\r\n';
    const expected = [
      { day: '2026-09-28', model: null, cost: 3_835_980_000n },
      { day: '2026-09-28', model: 'gpt-5-nano', cost: 500_000_000_000n },
    ];
    const { cells, bill } = await read(text);
    expect(cells).toEqual(expected);
    expect(bill.days).toEqual(['2026-09-27', '2026-09-28']);
    const tabs = text.replaceAll(/,(?! )/g, '\t');
    expect((await read(tabs)).cells).toEqual(expected);
  });

  test('a plain one of anybody’s: a byte order mark, semicolons, other names of columns', async () => {
    const { cells } = await read(
      '\uFEFFdate;model;requests;prompt_tokens;completion_tokens;cost\n2026-11-01;m;3;10;5;$0.01\n',
    );
    expect(cells).toEqual([
      { day: '2026-11-01', model: 'm', requests: 3n, prompt: 10n, output: 5n, cost: 10_000_000_000n },
    ]);
  });

  test('times become days of the zone that the bill counts in', async () => {
    const text = 'date,model,requests\n2026-11-01T23:30:00Z,m,1\n1793575800,m,1\n2026-11-02,m,1\n';
    expect((await read(text, { zone: 'Europe/Berlin' })).cells).toEqual([
      { day: '2026-11-02', model: 'm', requests: 3n },
    ]);
    expect((await read(text)).cells).toHaveLength(2);
  });

  test('a refund is negative', async () => {
    const { cells } = await read('day,model,cost_usd\n2026-11-01,m,2\n2026-11-01,m,-0.5\n');
    expect(cells).toEqual([{ day: '2026-11-01', model: 'm', cost: 1_500_000_000_000n }]);
  });
});

test.each([
  ['', 'The bill is empty'],
  ['a,b\n1,2\n', 'line 1: is the head of no known bill'],
  ['day,model\n2026-11-01,m\n', 'line 1: has no column to compare'],
  ['day,model,requests\n2026-02-30,m,1\n', 'line 2: has no day: "2026-02-30"'],
  ['day,model,requests\n2026-11-01,m,many\n', 'line 2: requests is no count: "many"'],
  ['day,model,requests\n2026-11-01,m,-1\n', 'line 2: requests is no count: "-1"'],
  ['day,model,cost_usd\n2026-11-01,m,1\n2026-11-01,m,NaN\n', 'line 3: cost_usd is no amount in USD: "NaN"'],
  [
    'day,model,cost_usd\n2026-11-01,"m,1\n',
    'line 2: is too long; is this a CSV file, and is each quote closed?',
  ],
  ['{"error":{"message":"no"}}', 'it has no list called data'],
  ['{"data":[1]}', 'data[0]: is no object'],
  ['{"data":[', 'The bill is not JSON (line 1)'],
  [OPENAI_COSTS.replace('"usd"', '"eur"'), 'the currency is not USD'],
])('%j is refused with the place: %s', async (text, message) => {
  expect(read(text)).rejects.toThrow(message);
});

test('a bill whose days are those of UTC is not taken apart into another zone’s', async () => {
  expect(read(ANTHROPIC_USAGE, { zone: 'Asia/Tokyo' })).rejects.toThrow('counts its days in UTC');
});
