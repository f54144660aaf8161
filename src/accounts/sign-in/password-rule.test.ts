import { expect, test } from 'bun:test';
import { COMMON_PASSWORDS, COMMON_WORDS } from './common-passwords.ts';
import { PASSWORD_MAX_LENGTH } from './password-hash.ts';
import { weaknessOf } from './password-rule.ts';

const OLIVIA = { email: 'olivia.owner@example.com', name: 'Olivia Owner-Ørsted' };

test.each([
  '1234567890',
  '0987654321',
  '123456789012',
  'password123',
  'Password123!',
  'P@ssw0rd2026',
  'Summer2026!',
  '2026-winter',
  'qwertyuiop',
  'asdfghjklasdf',
  'QWERTY12345',
  'abcdefghij',
  '1q2w3e4r5t',
  'Welcome!!!!!',
  'i love you',
  'i.love.you.2',
  'turnpike2026',
  'correct horse battery staple',
  'ｐａｓｓｗｏｒｄ１２３',
])('%s is one that many people use', (password) => {
  expect(weaknessOf(password, OLIVIA)).toContain('many people');
});

test.each(['aaaaaaaaaa', '          ', '1212121212', 'abcabcabcabc', 'passwordpassword', '🙂'.repeat(10)])(
  '%s is the same over and over',
  (password) => expect(weaknessOf(password, OLIVIA)).toContain('over and over'),
);

test.each([
  'olivia.owner@example.com',
  'OLIVIA.OWNER@EXAMPLE.COM1',
  'olivia.owner',
  'oliviaowner1',
  'Olivia2026!!',
  '!!!!!Olivia',
  'olivia owner-ørsted',
])('%s is their own name or address', (password) => {
  expect(weaknessOf(password, OLIVIA)).toContain('your own');
  expect(weaknessOf(password, {})).toBeNull();
});

test.each([
  'correct horse battery',
  'staple battery horse',
  'a long enough password',
  'my password is olivia owner',
  'password-of-the-fishmonger',
  '4071938265',
  'welcome 71938265403',
  'kX7!pq9#Lm',
  '密码是一只蓝色的企鹅呀',
])('%s is taken', (password) => expect(weaknessOf(password, OLIVIA)).toBeNull());

test('a list has nothing in it that could not be typed, and the longest password takes no time', () => {
  for (const common of COMMON_PASSWORDS)
    expect([common, weaknessOf(common, {}) !== null]).toEqual([common, true]);
  for (const word of [...COMMON_WORDS, ...COMMON_PASSWORDS]) expect(word).toBe(word.toLowerCase());
  expect(COMMON_WORDS.size).toBeGreaterThan(300);
  expect(COMMON_PASSWORDS.size).toBeGreaterThan(70);
  const startedAt = performance.now();
  for (let round = 0; round < 1000; round += 1)
    weaknessOf(`${'ab1'.repeat(42)}${round}`.slice(0, PASSWORD_MAX_LENGTH), OLIVIA);
  expect(performance.now() - startedAt).toBeLessThan(2000);
});
