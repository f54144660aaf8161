import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { generationOf, split } from '../../test/generations.ts';
import { endFiguresIn, endMembers, startMembers, storableMembers } from './members.ts';
import { tagsOf as namedTagsOf, tagsFrom, tagsIn } from './tags.ts';

/** All names are those that the operator has named, unless told. */
const tagsOf = (body: { metadata?: unknown; labels?: unknown }, named?: readonly string[]) =>
  namedTagsOf(
    body,
    new Set(named ?? [body.metadata, body.labels].flatMap((each) => Object.keys(Object(each)))),
  );

test('tags are the texts of metadata and of labels, by name', () => {
  expect(tagsOf({})).toBeNull();
  expect(tagsOf({ metadata: { team: 'search', env: 'prod' } })).toBe('{"env":"prod","team":"search"}');
  expect(tagsOf({ labels: { team: 'a' } })).toBe('{"team":"a"}');
  expect(tagsOf({ metadata: { 2: 'b', 10: 'a', __proto__x: 'c' } })).toBe(
    '{"10":"a","2":"b","__proto__x":"c"}',
  );
});

test('what is no tag is none, and refuses nothing', () => {
  for (const metadata of [null, 'x', 7, [], ['a'], {}, { a: 1 }, { a: null }, { a: '' }, { a: ' \0 ' }])
    expect(tagsOf({ metadata })).toBeNull();
  // What the operator has not named may be anything.
  expect(tagsOf({ metadata: { user_id: 'somebody', team: 'a' } }, [])).toBeNull();
  expect(tagsOf({ metadata: { user_id: 'somebody', team: 'a' } }, ['team'])).toBe('{"team":"a"}');
  expect(tagsOf({ metadata: { a: 'x'.repeat(500) } })).toBe(`{"a":"${'x'.repeat(128)}"}`);
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`tag${n}`, 'x']));
  expect(tagsFrom(tagsOf({ metadata: many }) ?? '{}')).toHaveLength(16);
});

test('tags come back from the journal’s text whatever is in them, and no figure is read out of them', () => {
  const name = fc.constantFrom('a', 'prompt_tokens', 'cancelled', 'finish_reason', 'attempts', 'tags');
  const value = fc.oneof(
    fc.constantFrom('"prompt_tokens":9', '\\', '\\"', '","attempts":[', '\ud83c', 'ä🚀', '"tags":"'),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.dictionary(name, value), (metadata) => {
      const tags = tagsOf({ metadata });
      const { start, end } = split(generationOf({ tags, session_id: '"tags":"x"', prompt_tokens: 5 }));
      const members = storableMembers(startMembers(start) + endMembers(end));
      expect(tagsIn(members)).toBe(tags);
      expect(endFiguresIn(members)).toMatchObject({ prompt_tokens: 5, isCancelled: false, hasFailed: false });
    }),
  );
});
