import { expect, test } from 'bun:test';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Model } from '../catalogue/model.ts';
import { TurnpikeError } from '../errors.ts';
import { modelOf } from '../routing/__fixtures__/endpoints.ts';
import { type ModelKind, type Resolved, resolveModels } from './resolve.ts';

const DOCS_URL = 'https://gateway.example/docs';

const small = modelOf({ id: 'acme/small' });
const large = modelOf({ id: 'acme/large' });
const vectors = modelOf({ id: 'acme/vectors', outputModalities: ['embeddings'] });
const painter = modelOf({ id: 'acme/painter', outputModalities: ['image'] });

interface Found {
  readonly model: Model;
  readonly router?: string | null;
  readonly variant?: string | null;
}

const KNOWN: Record<string, Found> = {
  'acme/small': { model: small },
  'acme/large': { model: large },
  'acme/vectors': { model: vectors },
  'acme/painter': { model: painter },
  '~acme/latest': { model: large, router: '~acme/latest' },
  '~acme/other': { model: small, router: '~acme/other' },
  'acme/small:online': { model: small, variant: 'online' },
};

const catalogue = {
  find: (id: string) => {
    const found = KNOWN[id];
    return found === undefined ? null : { router: null, variant: null, ...found };
  },
  findRouter: () => null,
  isKnown: async (id: string) => (id === 'acme/off' ? ['ACME_API_KEY', 'OTHER_API_KEY'] : null),
} as unknown as Catalogue;

async function resolved(...ids: string[]): Promise<Resolved> {
  return await resolveModels(catalogue, ids, DOCS_URL, 'chat');
}

async function refusal(...ids: string[]): Promise<TurnpikeError> {
  return refusalOf('chat', ...ids);
}

async function refusalOf(kind: ModelKind, ...ids: string[]): Promise<TurnpikeError> {
  try {
    await resolveModels(catalogue, ids, DOCS_URL, kind);
  } catch (thrown) {
    if (thrown instanceof TurnpikeError) return thrown;
    throw thrown;
  }
  throw new Error('it was accepted');
}

test('models are found in the caller’s order, each once', async () => {
  const { models, router } = await resolved('acme/large', 'acme/small', '~acme/latest');
  expect(models.map(({ model }) => model.id)).toEqual(['acme/large', 'acme/small']);
  expect(router).toBe('~acme/latest');
});

test('the first slug that chose a model is the router; a model that was named has none', async () => {
  expect((await resolved('acme/small', '~acme/latest', '~acme/other')).router).toBe('~acme/latest');
  expect((await resolved('acme/small')).router).toBeNull();
});

test('where every id is known, nobody has to wait', () => {
  expect(resolveModels(catalogue, ['acme/small'], DOCS_URL, 'chat')).not.toBeInstanceOf(Promise);
});

test('an id that names nothing is a 400 that programs can branch on', async () => {
  const error = await refusal('acme/small', 'acme/none');
  expect([error.status, error.code]).toEqual([400, 'model_not_found']);
  expect(error.message).toBe('acme/none is not a valid model ID');
  expect(error.extra['availability']).toEqual({
    code: 'model_not_found',
    retryable: false,
    requested_models: ['acme/small', 'acme/none'],
    docs_url: `${DOCS_URL}#model_not_found`,
  });
});

test('a long id is not repeated at length', async () => {
  const error = await refusal('x'.repeat(5000));
  expect(error.message).toBe(`${'x'.repeat(128)} is not a valid model ID`);
  expect(error.extra['availability']).toMatchObject({ requested_models: ['x'.repeat(128)] });
});

test('a model of which no provider is switched on is a 404 that says what to set', async () => {
  const error = await refusal('acme/off');
  expect([error.status, error.code]).toEqual([404, 'no_endpoints']);
  expect(error.message).toContain('ACME_API_KEY, OTHER_API_KEY');
  expect(error.extra['availability']).toMatchObject({ code: 'no_endpoints' });
});

test('a model that does not chat is refused by what it gives; one that answers in images chats', async () => {
  const error = await refusal('acme/vectors');
  expect(error.status).toBe(400);
  expect(error.message).toBe('acme/vectors does not chat: it gives embeddings');
  expect(error.extra['availability']).toMatchObject({
    code: 'wrong_endpoint',
    constraint: { field: 'model', detail: 'Its output is embeddings' },
  });
  expect((await resolved('acme/painter')).models).toEqual([{ model: painter, variant: null }]);
});

test('a model that does not embed is refused where vectors are asked for, and one that does is found', async () => {
  const error = await refusalOf('embeddings', 'acme/small');
  expect(error.status).toBe(400);
  expect(error.message).toBe('acme/small does not embed: it gives text');
  expect(error.extra['availability']).toMatchObject({
    code: 'wrong_endpoint',
    constraint: { field: 'model', detail: 'Its output is text' },
  });
  expect(await resolveModels(catalogue, ['acme/vectors'], DOCS_URL, 'embeddings')).toMatchObject({
    models: [{ model: vectors }],
  });
});

test('web search, which is not built, is refused and not ignored', async () => {
  const error = await refusal('acme/small:online');
  expect(error.message).toContain('acme/small:online is not a valid model ID: web search');
});
