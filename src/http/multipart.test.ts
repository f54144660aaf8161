/** Forms of files, as clients send them, in pieces that end anywhere. */
import { expect, test } from 'bun:test';
import { boundaryOf, formParts } from './multipart.ts';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Uint8Array, boundary: string, size: number) {
  const parts: { filename: string | null; text: string }[] = [];
  for await (const { filename, body } of formParts(pieces(bytes, size), boundary)) {
    const all: Uint8Array[] = [];
    // A field is left unread.
    if (filename !== null) for await (const piece of body) all.push(piece);
    parts.push({ filename, text: Buffer.concat(all).toString() });
  }
  return parts;
}

test('files come whole and with their names, however their bytes are cut, and whatever looks like an end in them', async () => {
  const texts = ['a,b\r\n1,2\r\n', '', '\r\n--\r\n--x\r\n\r\n', 'ü'.repeat(500)];
  const form = new FormData();
  form.append('note', 'no file');
  for (const [n, text] of texts.entries()) form.append('file', new File([text], `bill "${n}" ü.csv`));
  const request = new Request('http://a.example', { method: 'POST', body: form });
  const boundary = boundaryOf(request.headers.get('content-type')) ?? '';
  const bytes = new Uint8Array(await request.arrayBuffer());
  const files = texts.map((text, n) => ({ filename: `bill "${n}" ü.csv`, text }));
  for (const size of [1, 2, 3, 7, 64, 100_000])
    expect(await read(bytes, boundary, size)).toEqual([{ filename: null, text: '' }, ...files]);
});

test('a form that is cut off anywhere, or has another boundary, is refused', async () => {
  const whole = Buffer.from(
    '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n1,2\r\n--b--\r\n',
  );
  expect(await read(whole, 'b', 5)).toEqual([{ filename: 'x', text: '1,2' }]);
  for (let length = 0; length < whole.length - 4; length += 1)
    await expect(read(whole.subarray(0, length), 'b', 5)).rejects.toThrow('The form ends within a part');
  await expect(read(whole, 'c', 5)).rejects.toThrow('is its boundary right?');
});

test('a boundary is found quoted or plain, and in no other type', () => {
  expect(boundaryOf('multipart/form-data; boundary=abc')).toBe('abc');
  expect(boundaryOf('Multipart/Form-Data; charset=utf-8; boundary="a b"')).toBe('a b');
  expect(boundaryOf('multipart/mixed; boundary=abc')).toBeNull();
  expect(boundaryOf('text/csv')).toBeNull();
  expect(boundaryOf(null)).toBeNull();
});
