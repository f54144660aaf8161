import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { parseTarget, Targets } from './origin.ts';
import { requestHead } from './request-head.ts';

const target = parseTarget('https://api.test/v1/chat?x=1');

test('what the client decides itself, and what could split a request, is refused by name and without its value', () => {
  const names = [
    'Host',
    'content-length',
    'Transfer-Encoding',
    'connection',
    'keep-alive',
    'Expect',
    'upgrade',
    'TE',
    'trailer',
    'proxy-authorization',
    '',
    'a b',
    'a:',
    'a\r\nb',
    'a\0',
    'ü',
    ' a',
    'a ',
  ];
  for (const name of names) expect(() => requestHead(target, { [name]: 'secret' }, 'ua')).toThrow(TypeError);
  for (const value of ['a\r\nb: c', 'a\nb', 'a\rb', 'a\0b', 'a\x7f', '\x1b', '€']) {
    expect(() => requestHead(target, { authorization: `secret ${value}` }, 'ua')).toThrow(TypeError);
    try {
      requestHead(target, { authorization: `secret ${value}` }, 'ua');
    } catch (thrown) {
      expect(String(thrown)).not.toContain('secret');
    }
  }
});

test('whatever headers are given, the head has one line for each, and is Latin-1', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string({ unit: 'binary' })), (headers) => {
      let text: string;
      try {
        text = requestHead(target, headers, 'ua');
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(TypeError);
        return;
      }
      const lines = text.split('\r\n');
      expect(text).not.toMatch(/[^\r]\n|\r[^\n]|[^\t\r\n\x20-\x7e\x80-\xff]/);
      const own = ['post', 'host', 'accept', 'user-agent', 'accept-encoding', 'content-length'];
      expect(lines.length).toBeLessThanOrEqual(own.length + Object.keys(headers).length);
    }),
    { numRuns: 2000 },
  );
});

test('the head of a frozen object is made once for a target, and that of any other each time', () => {
  const open: Record<string, string> = { authorization: 'Bearer a' };
  expect(requestHead(target, open, 'ua')).toContain('Bearer a');
  open['authorization'] = 'Bearer b';
  expect(requestHead(target, open, 'ua')).toContain('Bearer b');
  const frozen = Object.freeze({ authorization: 'Bearer c' });
  const other = parseTarget('https://other.test/');
  expect(requestHead(target, frozen, 'ua')).toContain('host: api.test\r\n');
  expect(requestHead(other, frozen, 'ua')).toContain('host: other.test\r\n');
  expect(requestHead(target, frozen, 'ua')).toContain('host: api.test\r\n');
});

test('the agent, what is accepted and credentials of the URL stand back behind what is given', () => {
  const plain = requestHead(parseTarget('http://user:p%C3%BC@a.test/'), {}, 'ua');
  expect(plain).toContain(`authorization: Basic ${Buffer.from('user:pü').toString('base64')}\r\n`);
  expect(plain).toContain('accept: */*\r\nuser-agent: ua\r\naccept-encoding: identity\r\n');
  const given = requestHead(
    parseTarget('http://user@a.test/'),
    {
      Authorization: 'Bearer k',
      Accept: 'text/event-stream',
      'User-Agent': 'mine',
      'Accept-Encoding': 'gzip',
    },
    'ua',
  );
  expect(given).not.toMatch(/Basic|\*\/\*|: ua|gzip/);
});

test('a URL that is not plainly one is refused, and paths are never decoded', () => {
  for (const url of [
    '',
    '/v1',
    'ftp://a.test/',
    'http://',
    'http://a.test/\r\nx',
    'http://a.test/a b',
    ' http://a.test/',
    'http://a.test/\t',
    'http://a.test\0/',
    'http://a b/',
    'http://a.test:99999/',
    'http://%zz@a.test/',
  ]) {
    expect(() => parseTarget(url)).toThrow(TypeError);
  }
  expect(parseTarget('http://a.test/%0d%0a?b=%20#c')).toMatchObject({
    path: '/%0d%0a?b=%20',
    host: 'a.test',
  });
  expect(parseTarget('HTTPS://A.test:443')).toMatchObject({
    path: '/',
    host: 'a.test',
    origin: { port: 443, isTls: true },
  });
  expect(parseTarget('http://[::1]:81/')).toMatchObject({
    host: '[::1]:81',
    origin: { hostname: '::1', port: 81 },
  });
  expect(parseTarget('http://münchen.test/ü')).toMatchObject({
    host: 'xn--mnchen-3ya.test',
    path: '/%C3%BC',
  });
});

test('targets are parsed once, and not kept without end', () => {
  const targets = new Targets();
  const first = targets.of('http://a.test/');
  expect(targets.of('http://a.test/')).toBe(first);
  for (let index = 0; index < 1000; index += 1) targets.of(`http://a.test/${index}`);
  expect(targets.of('http://a.test/')).toEqual(first);
  expect(targets.of('http://a.test/')).not.toBe(first);
});
