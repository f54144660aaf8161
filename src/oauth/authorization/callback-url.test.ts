import { expect, test } from 'bun:test';
import { isRegistered, parseCallbackUrl, withAnswer } from './callback-url.ts';

test.each([
  ['http://evil', 'plain http'],
  ['http://example.com/cb', 'plain http'],
  ['http://127.0.0.1.nip.io/cb', 'a name that begins like the loopback address'],
  ['http://127.0.0.1.evil.com/', 'a name that begins like the loopback address'],
  ['http://localhost.evil.com/', 'a name that begins with localhost'],
  ['http://localhost./cb', 'another name for localhost'],
  ['http://127.0.0.2/cb', 'another loopback address'],
  ['http://[::2]/cb', 'not the loopback address'],
  ['http://localhost:3000@evil.com', 'a user that looks like a host'],
  ['https://localhost@evil', 'a user that looks like a host'],
  ['https://a@b', 'a user'],
  ['https://a:p@b/cb', 'a user with a password'],
  ['https://@b/cb', 'an empty user'],
  ['https://x\\@y', 'a backslash'],
  ['https://x/\\y', 'a backslash'],
  ['https:\\\\x/cb', 'a backslash'],
  ['javascript:alert(1)', 'a script'],
  ['\tjavascript:alert(1)', 'a script behind a tab'],
  ['java\nscript:alert(1)', 'a script around a line end'],
  ['data:text/html,x', 'a document'],
  ['file:///etc/passwd', 'a file'],
  ['myapp://cb', 'a scheme of its own'],
  ['ftp://x/cb', 'another scheme'],
  ['https:evil.com', 'no slashes'],
  ['https:/evil.com', 'one slash'],
  ['https:///evil.com', 'three slashes'],
  ['//evil.com', 'no scheme'],
  ['/cb', 'a path'],
  ['', 'nothing'],
  ['https://', 'no host'],
  ['https://a b/', 'a blank'],
  [' https://x/cb', 'a blank in front'],
  ['https://x/cb\n', 'a line end'],
  ['ht\ttps://x/cb', 'a tab'],
  ['https://x/cb?a=%0d%0aSet-Cookie:b', 'an encoded line end'],
  ['https://x/%0A', 'an encoded line end'],
  ['https://x/%00', 'an encoded NUL'],
  ['https://x/app/..;/evil', 'a hidden way up'],
  ['https://x/app/%2e%2E%3b/evil', 'an encoded hidden way up'],
  ['https://x/cb#part', 'a fragment'],
  ['https://x/cb#', 'an empty fragment'],
  ['https://x\u202e/cb', 'text that runs backwards'],
  ['https://x:99999/cb', 'no such port'],
  ['https://x;script-src/cb', 'a host that ends a directive of the policy'],
  ['https://x,y/cb', 'a host that is two'],
  ["https://'self'/cb", 'a host that is a word of the policy'],
  ['https://*/cb', 'a host that is every host'],
  ['https://[2001:db8::1]/cb', 'a host that the policy cannot name'],
  [`https://x/${'a'.repeat(2048)}`, 'too long'],
])('%j is refused: %s', (text) => {
  expect(parseCallbackUrl(text)).toBeNull();
});

test.each([
  ['https://myapp.com/auth/callback', 'https://myapp.com/auth/callback', 'myapp.com'],
  ['https://myapp.com', 'https://myapp.com/', 'myapp.com'],
  ['HTTPS://MyApp.com:443/Cb', 'https://myapp.com/Cb', 'myapp.com'],
  ['https://myapp.com:8443/cb', 'https://myapp.com:8443/cb', 'myapp.com:8443'],
  ['https://myapp.com/a/../cb', 'https://myapp.com/cb', 'myapp.com'],
  ['https://myapp.com/cb?user=a@b', 'https://myapp.com/cb?user=a@b', 'myapp.com'],
  ['http://127.0.0.1:51423/cb', 'http://127.0.0.1:51423/cb', '127.0.0.1:51423'],
  ['http://[::1]:3000/cb', 'http://[::1]:3000/cb', '[::1]:3000'],
  ['http://localhost:51423/cb', 'http://localhost:51423/cb', 'localhost:51423'],
  ['http://localhost/cb', 'http://localhost/cb', 'localhost'],
])('%j is allowed and written as %j', (text, href, host) => {
  expect(parseCallbackUrl(text)).toMatchObject({ href, host });
});

test('a name that only looks like another is shown in ASCII', () => {
  expect(parseCallbackUrl('https://аpple.com/cb')?.host).toBe('xn--pple-43d.com');
});

test.each([
  ['?code=x&state=y', '?state=y'],
  ['?code=x', ''],
  ['?%63ode=x&a=1', '?a=1'],
  ['?a=%20b+c&code=1&code=2&Code=3&xcode=4', '?a=%20b+c&Code=3&xcode=4'],
  ['?a=1', '?a=1'],
])('of the query %j stays %j', (query, kept) => {
  expect(parseCallbackUrl(`https://x.com/cb${query}`)?.href).toBe(`https://x.com/cb${kept}`);
});

test.each([
  ['http://127.0.0.1:51423/cb', 'http://127.0.0.1/cb', true],
  ['http://localhost/cb', 'http://localhost:3000/cb', true],
  ['http://[::1]:1/cb?a=1', 'http://[::1]:2/cb?a=1', true],
  ['http://127.0.0.1:51423/other', 'http://127.0.0.1/cb', false],
  ['http://localhost:3000/cb', 'http://127.0.0.1:3000/cb', false],
  ['http://localhost:1.evil.example/cb', 'http://localhost.evil.example/cb', false],
  ['https://localhost:3000/cb', 'https://localhost/cb', false],
  ['https://x.com:8443/cb', 'https://x.com/cb', false],
  ['https://x.com/cb/', 'https://x.com/cb', false],
])('%j for a registered %j: %p', (asked, known, expected) => {
  expect(isRegistered(asked, ['https://unrelated.example/', known])).toBe(expected);
});

test.each([
  ['https://x.com/cb', { code: 'c', state: null }, 'https://x.com/cb?code=c'],
  [
    'https://x.com/cb?a=%20b',
    { code: 'c', state: 's&t=1' },
    'https://x.com/cb?a=%20b&code=c&state=s%26t%3D1',
  ],
  [
    'https://x.com/cb?state=old&error=e',
    { error: 'access_denied' },
    'https://x.com/cb?state=old&error=access_denied',
  ],
  ['https://x.com/cb?%73tate=old', { code: 'c', state: 'new' }, 'https://x.com/cb?code=c&state=new'],
])('%j with the answer %j is %j', (href, answer, expected) => {
  expect(withAnswer({ href }, answer)).toBe(expected);
});
