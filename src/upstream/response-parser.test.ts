import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { AnswerFields } from './answer-fields.ts';
import { MalformedAnswer } from './malformed-answer.ts';
import {
  MAX_CHUNK_EXTENSION_BYTES,
  MAX_HEAD_BYTES,
  MAX_TRAILER_BYTES,
  ResponseParser,
} from './response-parser.ts';

interface Parsed {
  status: number | null;
  body: string;
  isComplete: boolean;
  allowsReuse: boolean;
  endsWithConnection: boolean;
  failure: string | null;
}

/** Latin-1 pieces, as they would come from the socket. */
function parse(pieces: readonly (string | Buffer)[], parser = new ResponseParser(sink)): Parsed {
  const parsed: Parsed = {
    status: null,
    body: '',
    isComplete: false,
    allowsReuse: false,
    endsWithConnection: false,
    failure: null,
  };
  current = parsed;
  try {
    for (const piece of pieces) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece;
      parsed.isComplete = parser.push(bytes);
    }
  } catch (thrown) {
    if (!(thrown instanceof MalformedAnswer)) throw thrown;
    parsed.failure = thrown.kind;
  }
  parsed.allowsReuse = parser.allowsReuse;
  parsed.endsWithConnection = parser.endsWithConnection;
  return parsed;
}

let current: Parsed;
const sink = {
  onHead(fields: AnswerFields) {
    expect(current.status).toBeNull();
    current.status = fields.status;
  },
  onBytes(bytes: Uint8Array) {
    expect(current.status).not.toBeNull();
    current.body += Buffer.from(bytes).toString('latin1');
  },
};

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;

const valid: [name: string, text: string, status: number, body: string, allowsReuse: boolean][] = [
  ['a body with its length', `${OK}Content-Length: 5\r\n\r\nhello`, 200, 'hello', true],
  ['an empty body', `${OK}content-length: 0\r\n\r\n`, 200, '', true],
  ['space around values', `${OK}content-length: \t 5 \t\r\n\r\nhello`, 200, 'hello', true],
  ['no space before values', `${OK}content-length:5\r\n\r\nhello`, 200, 'hello', true],
  ['leading zeros in a length', `${OK}content-length: 005\r\n\r\nhello`, 200, 'hello', true],
  ['an absent reason', 'HTTP/1.1 200\r\ncontent-length: 1\r\n\r\nx', 200, 'x', true],
  ['an empty reason', 'HTTP/1.1 429 \r\ncontent-length: 1\r\n\r\nx', 429, 'x', true],
  ['a reason in Latin-1', 'HTTP/1.1 500 Fehler \xfcber\r\ncontent-length: 1\r\n\r\nx', 500, 'x', true],
  ['a status of its own', 'HTTP/1.1 999 Denied\r\ncontent-length: 1\r\n\r\nx', 999, 'x', true],
  ['chunks', `${CHUNKED}5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n`, 200, 'hello!', true],
  [
    'chunks in capitals',
    `${OK}TRANSFER-ENCODING: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n`,
    200,
    '0123456789',
    true,
  ],
  ['an empty chunked body', `${CHUNKED}0\r\n\r\n`, 200, '', true],
  ['a chunk size with leading zeros', `${CHUNKED}0005\r\nhello\r\n000\r\n\r\n`, 200, 'hello', true],
  ['a padded chunk size', `${CHUNKED}5  \r\nhello\r\n0 \r\n\r\n`, 200, 'hello', true],
  ['chunk extensions', `${CHUNKED}5;a=b;c="d;e"\r\nhello\r\n0;z\r\n\r\n`, 200, 'hello', true],
  ['line ends within chunks', `${CHUNKED}4\r\n\r\n\r\n\r\n0\r\n\r\n`, 200, '\r\n\r\n', true],
  ['trailers', `${CHUNKED}1\r\nx\r\n0\r\nx-sum: 1\r\nContent-Length: 99\r\n\r\n`, 200, 'x', true],
  ['204', 'HTTP/1.1 204 No Content\r\n\r\n', 204, '', true],
  ['204 with a length', 'HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n', 204, '', true],
  ['304 with a length', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n', 304, '', true],
  ['an interim answer', `HTTP/1.1 100 Continue\r\n\r\n${OK}content-length: 1\r\n\r\nx`, 200, 'x', true],
  [
    'interim answers with fields',
    `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${CHUNKED}1\r\nx\r\n0\r\n\r\n`,
    200,
    'x',
    true,
  ],
  ['Connection: close', `${OK}connection: close\r\ncontent-length: 1\r\n\r\nx`, 200, 'x', false],
  [
    'Connection: close in a list',
    `${OK}connection: a ,\tClose\r\ncontent-length: 1\r\n\r\nx`,
    200,
    'x',
    false,
  ],
  [
    'Connection: close repeated',
    `${OK}connection: keep-alive\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx`,
    200,
    'x',
    false,
  ],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx', 200, 'x', false],
  [
    'HTTP/1.0 with keep-alive',
    'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\nx',
    200,
    'x',
    true,
  ],
  [
    'HTTP/1.0 with both options',
    'HTTP/1.0 200 OK\r\nconnection: close\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\nx',
    200,
    'x',
    false,
  ],
];

for (const [name, text, status, body, allowsReuse] of valid) {
  test(`is read the same in every split: ${name}`, () => {
    const wanted = { status, body, isComplete: true, allowsReuse, endsWithConnection: false, failure: null };
    expect(parse([text])).toEqual(wanted);
    expect(parse([...text])).toEqual(wanted);
    for (let at = 1; at < text.length; at += 1)
      expect(parse([text.slice(0, at), text.slice(at)])).toEqual(wanted);
    for (let at = 1; at < text.length; at += 1) {
      // Cut short it is never complete, and never made up.
      const cut = parse([text.slice(0, at)]);
      expect([cut.isComplete, cut.failure, body.startsWith(cut.body)]).toEqual([false, null, true]);
    }
  });

  test(`bytes behind the end are nobody's: ${name}`, () => {
    for (const excess of ['x', '\r\n', text]) {
      const parsed = parse([text + excess]);
      expect([parsed.body, parsed.isComplete, parsed.allowsReuse]).toEqual([body, true, false]);
      expect(parse([text, excess]).allowsReuse).toBe(false);
    }
  });
}

test('one parser reads one answer after the other', () => {
  const parser = new ResponseParser(sink);
  for (let round = 0; round < 3; round += 1) {
    for (const [, text, status, body] of valid) {
      parser.reset();
      expect(parser.isUntouched).toBe(true);
      expect(parse([text.slice(0, 20), text.slice(20)], parser)).toMatchObject({
        status,
        body,
        isComplete: true,
      });
    }
  }
});

test('a body without a length ends with the connection', () => {
  for (const head of [OK, 'HTTP/1.0 200 OK\r\n', `${OK}connection: keep-alive\r\n`]) {
    const parsed = parse([`${head}\r\nsome`, ' bytes']);
    expect(parsed).toMatchObject({
      body: 'some bytes',
      isComplete: false,
      endsWithConnection: true,
      allowsReuse: false,
    });
  }
});

const malformed: [name: string, text: string][] = [
  ['another protocol', 'SSH-2.0-OpenSSH\r\n'],
  ['an empty line first', `\r\n${OK}content-length: 1\r\n\r\nx`],
  ['lower case', 'http/1.1 200 OK\r\n\r\n'],
  ['HTTP/2', 'HTTP/2 200\r\n\r\n'],
  ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n'],
  ['HTTP/0.9', '<html></html>\r\n\r\n'],
  ['two spaces', 'HTTP/1.1  200 OK\r\n\r\n'],
  ['a tab', 'HTTP/1.1\t200 OK\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['a status with an exponent', 'HTTP/1.1 2e2 OK\r\n\r\n'],
  ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n'],
  ['a negative status', 'HTTP/1.1 -20 OK\r\n\r\n'],
  ['NUL in the reason', 'HTTP/1.1 200 O\0K\r\n\r\n'],
  ['an upgrade', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n'],
  ['line ends without CR', 'HTTP/1.1 200 OK\ncontent-length: 1\n\nx'],
  ['one line end without CR', `${OK}a: b\ncontent-length: 1\r\n\r\nx`],
  ['the last line end without CR', `${OK}content-length: 1\r\n\nx\r\n\r\n`],
  ['a bare CR in a value', `${OK}a: b\rc\r\ncontent-length: 1\r\n\r\nx`],
  ['a CR before the line end', `${OK}a: b\r\r\ncontent-length: 1\r\n\r\nx`],
  ['a folded field', `${OK}a: b\r\n c\r\ncontent-length: 1\r\n\r\nx`],
  ['a folded field by tab', `${OK}a: b\r\n\tc\r\ncontent-length: 1\r\n\r\nx`],
  ['a fold behind the status line', `${OK} a: b\r\ncontent-length: 1\r\n\r\nx`],
  ['space before the colon', `${OK}content-length : 1\r\n\r\nx`],
  ['an empty name', `${OK}: 1\r\n\r\nx`],
  ['a line without a colon', `${OK}content-length\r\n\r\nx`],
  ['NUL in a name', `${OK}a\0b: 1\r\n\r\n`],
  ['NUL in a value', `${OK}a: b\0c\r\n\r\n`],
  ['DEL in a value', `${OK}a: b\x7fc\r\n\r\n`],
  ['a name in Latin-1', `${OK}\xfc: 1\r\n\r\n`],
  ['both framings', `${OK}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`],
  [
    'both framings, turned',
    `${OK}transfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n1\r\nx\r\n0\r\n\r\n`,
  ],
  ['a length twice', `${OK}content-length: 1\r\ncontent-length: 1\r\n\r\nx`],
  ['two lengths', `${OK}content-length: 1\r\ncontent-length: 2\r\n\r\nx`],
  ['a list of lengths', `${OK}content-length: 1, 1\r\n\r\nx`],
  ['an empty length', `${OK}content-length: \r\n\r\nx`],
  ['a negative length', `${OK}content-length: -1\r\n\r\nx`],
  ['a length with a sign', `${OK}content-length: +1\r\n\r\nx`],
  ['a length with a dot', `${OK}content-length: 1.0\r\n\r\nx`],
  ['a hexadecimal length', `${OK}content-length: 0x1\r\n\r\nx`],
  ['a length with an exponent', `${OK}content-length: 1e1\r\n\r\nx`],
  ['a length beyond all numbers', `${OK}content-length: 99999999999999999999\r\n\r\nx`],
  ['gzip as a transfer coding', `${OK}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ['identity as a transfer coding', `${OK}transfer-encoding: identity\r\n\r\nx`],
  ['chunked twice', `${OK}transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n`],
  ['chunked in two fields', `${OK}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['chunked with a parameter', `${OK}transfer-encoding: chunked;a=b\r\n\r\n0\r\n\r\n`],
  ['chunked behind a vertical tab', `${OK}transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
  ['an empty transfer coding', `${OK}transfer-encoding: \r\n\r\nx`],
  ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a broken interim answer', `HTTP/1.1 100 Continue\r\na : b\r\n\r\n${OK}\r\n`],
  ['a chunk without size', `${CHUNKED}\r\nx\r\n0\r\n\r\n`],
  ['a chunk size that is no number', `${CHUNKED}g\r\nx\r\n0\r\n\r\n`],
  ['a negative chunk size', `${CHUNKED}-1\r\nx\r\n0\r\n\r\n`],
  ['a chunk size with 0x', `${CHUNKED}0x1\r\nx\r\n0\r\n\r\n`],
  ['a chunk size with an underscore', `${CHUNKED}1_0\r\nx\r\n0\r\n\r\n`],
  ['space before a chunk size', `${CHUNKED} 1\r\nx\r\n0\r\n\r\n`],
  ['a chunk size line without CR', `${CHUNKED}1\nx\r\n0\r\n\r\n`],
  ['a chunk size line with CR alone', `${CHUNKED}1\rx\r\n0\r\n\r\n`],
  ['a chunk extension with LF', `${CHUNKED}1;a\nb\r\nx\r\n0\r\n\r\n`],
  ['a chunk extension with NUL', `${CHUNKED}1;a\0b\r\nx\r\n0\r\n\r\n`],
  ['a chunk longer than its size', `${CHUNKED}1\r\nxy\r\n0\r\n\r\n`],
  ['a chunk shorter than its size', `${CHUNKED}3\r\nx\r\n0\r\n\r\n`],
  ['a chunk that ends without CR', `${CHUNKED}1\r\nx\n0\r\n\r\n`],
  ['a trailer without a colon', `${CHUNKED}0\r\nab\r\n\r\n`],
  ['a folded trailer', `${CHUNKED}0\r\na: b\r\n c\r\n\r\n`],
  ['space before the colon of a trailer', `${CHUNKED}0\r\na : b\r\n\r\n`],
  ['NUL in a trailer', `${CHUNKED}0\r\na: \0\r\n\r\n`],
  ['a trailer line without CR', `${CHUNKED}0\r\na: b\n\r\n`],
  ['a trailer that ends without CR', `${CHUNKED}0\r\n\n`],
  ['another answer instead of the last line end', `${CHUNKED}0\r\n${OK}\r\n`],
];

for (const [name, text] of malformed) {
  test(`is refused in every split: ${name}`, () => {
    for (const pieces of [[text], [...text], ...splits(text)]) {
      const parsed = parse(pieces);
      expect([parsed.failure, parsed.isComplete, parsed.allowsReuse]).toEqual(['malformed', false, false]);
    }
  });
}

function splits(text: string): string[][] {
  return Array.from({ length: text.length - 1 }, (_, at) => [text.slice(0, at + 1), text.slice(at + 1)]);
}

test('lengths of everything but the body are bounded, and the bounds themselves are allowed', () => {
  const fits = (text: string): unknown[] => {
    const whole = parse([text]);
    const bytes = parse([...text]);
    expect(bytes).toEqual(whole);
    return [whole.isComplete, whole.failure];
  };
  const head = (bytes: number): string => {
    const rest = `${OK}content-length: 1\r\nx: `;
    return `${rest}${'y'.repeat(bytes - rest.length - 2)}\r\n\r\nx`;
  };
  expect(fits(head(MAX_HEAD_BYTES - 2))).toEqual([true, null]);
  expect(fits(head(MAX_HEAD_BYTES + 1))).toEqual([false, 'too-large']);
  const interim = `HTTP/1.1 103 Early Hints\r\nx: ${'y'.repeat(1000)}\r\n\r\n`;
  expect(fits(interim.repeat(60) + head(100))).toEqual([true, null]);
  expect(fits(interim.repeat(66) + head(100))).toEqual([false, 'too-large']);
  const extension = (bytes: number): string => `${CHUNKED}1;${'e'.repeat(bytes - 1)}\r\nx\r\n0\r\n\r\n`;
  expect(fits(extension(MAX_CHUNK_EXTENSION_BYTES))).toEqual([true, null]);
  expect(fits(extension(MAX_CHUNK_EXTENSION_BYTES + 1))).toEqual([false, 'too-large']);
  expect(fits(`${CHUNKED}${'0'.repeat(12)}1\r\nx\r\n0\r\n\r\n`)).toEqual([true, null]);
  expect(fits(`${CHUNKED}${'0'.repeat(13)}1\r\nx\r\n0\r\n\r\n`)).toEqual([false, 'too-large']);
  const trailer = (bytes: number): string => `${CHUNKED}0\r\na:${'t'.repeat(bytes - 6)}\r\n\r\n`;
  expect(fits(trailer(MAX_TRAILER_BYTES - 2))).toEqual([true, null]);
  expect(fits(trailer(MAX_TRAILER_BYTES + 10))).toEqual([false, 'too-large']);
});

test('a head in two pieces is read, however much of the body comes with the second', () => {
  const body = `\n${'x'.repeat(300_000)}`;
  const text = `${OK}content-length: ${body.length}\r\n\r\n${body}`;
  for (const at of [1, 20, 36]) {
    expect(parse([text.slice(0, at), text.slice(at)])).toMatchObject({
      body,
      isComplete: true,
      failure: null,
    });
  }
});

test('body bytes are handed on as they lie, not copied', () => {
  const bytes = Buffer.from(`${CHUNKED}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`);
  const parts: Uint8Array[] = [];
  new ResponseParser({ onHead: () => undefined, onBytes: (part) => parts.push(part) }).push(bytes);
  expect(parts.map((part) => [part.buffer === bytes.buffer, Buffer.from(part).toString()])).toEqual([
    [true, 'abc'],
    [true, 'de'],
  ]);
});

test('a parser that is stopped by its sink hands on nothing more of the same bytes', () => {
  for (const at of ['head', 'abc']) {
    const seen: string[] = [];
    const parser = new ResponseParser({
      onHead: () => note('head'),
      onBytes: (part) => note(Buffer.from(part).toString()),
    });
    const note = (what: string): void => {
      seen.push(what);
      if (what === at) parser.stop();
    };
    expect(parser.push(Buffer.from(`${CHUNKED}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`))).toBe(false);
    expect(seen.at(-1)).toBe(at);
    expect(parser.allowsReuse).toBe(false);
  }
});

const anyBody = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'));

test('every body comes back in every framing and every split', () => {
  fc.assert(
    fc.property(
      anyBody,
      fc.array(fc.nat(60), { maxLength: 20 }),
      fc.array(fc.nat(700), { maxLength: 12 }),
      (body, sizes, cuts) => {
        const framings = [
          `${OK}content-length: ${body.length}\r\n\r\n${body}`,
          `${CHUNKED}${chunks(body, sizes)}0\r\n\r\n`,
        ];
        for (const text of framings) {
          const parsed = parse(cutAt(text, cuts));
          expect(parsed).toMatchObject({ body, isComplete: true, allowsReuse: true, failure: null });
        }
      },
    ),
    { numRuns: 400 },
  );
});

test('whatever comes, an answer is complete, is waited for or is refused, the same in every split', () => {
  const pieces = fc.constantFrom(
    OK,
    'HTTP/1.1 ',
    '200',
    '100',
    '\r\n',
    '\r\n\r\n',
    '\n',
    '\r',
    ' ',
    ':',
    ';',
    '0',
    '5',
    'a',
    '\0',
    ',',
    'content-length: ',
    'transfer-encoding: chunked\r\n',
    'connection: close\r\n',
    'hello',
    '5\r\nhello\r\n',
    '0\r\n\r\n',
    'x: y\r\n',
    'HTTP/1.0 ',
    '204 No Content\r\n',
    '\xff',
  );
  const soup = fc.array(fc.oneof({ weight: 6, arbitrary: pieces }, { weight: 1, arbitrary: anyBody }), {
    maxLength: 14,
  });
  const changed = fc
    .tuple(fc.constantFrom(...valid.map(([, text]) => text)), fc.nat(), fc.nat(255))
    .map(([text, at, byte]) => {
      const place = at % text.length;
      return [text.slice(0, place), String.fromCharCode(byte), text.slice(place + 1)];
    });
  fc.assert(
    fc.property(fc.oneof(soup, changed), fc.array(fc.nat(300), { maxLength: 6 }), (parts, cuts) => {
      const text = parts.join('');
      const whole = parse([text]);
      const split = parse(cutAt(text, cuts));
      // Cut before its excess, an answer is complete without it: only then may the two differ, and only in that.
      expect({ ...split, allowsReuse: false }).toEqual({ ...whole, allowsReuse: false });
      if (whole.allowsReuse) expect(whole.isComplete && whole.failure === null).toBe(true);
    }),
    { numRuns: 4000 },
  );
});

function chunks(body: string, sizes: readonly number[]): string {
  let text = '';
  let at = 0;
  for (const size of [...sizes, body.length]) {
    const chunk = body.slice(at, at + size);
    at += size;
    if (chunk !== '') text += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  }
  return text;
}

function cutAt(text: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.filter((at) => at < text.length).sort((a, b) => a - b), text.length];
  return places.slice(1).map((to, index) => text.slice(places[index] ?? 0, to));
}
