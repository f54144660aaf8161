/** What admins settle for their organisation: its name, its zone and its picture, and what of a file becomes the picture. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { signUpMember, signUpOwner, type Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';

const PATH = '/api/dashboard/organisation';
const LOGO = `${PATH}/logo`;
/** A PNG of one pixel. */
const DOT = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64');

/** With a chunk before its last one, as programs write texts into pictures. */
function withChunk(png: Buffer, type: string, content: string): Buffer {
  const data = Buffer.from(content, 'latin1');
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = (value: number) => {
    const four = Buffer.alloc(4);
    four.writeUInt32BE(value);
    return four;
  };
  const end = png.length - 12;
  const chunk = Buffer.concat([frame(data.length), named, frame(Bun.hash.crc32(named))]);
  return Buffer.concat([png.subarray(0, end), chunk, png.subarray(end)]);
}

describe.each(engines)('on $name', ({ name: engine }) => {
  let gateway: TestGateway;
  let owner: Visitor;
  let member: Visitor;
  beforeAll(async () => {
    gateway = await startGateway({ engine });
    owner = await signUpOwner(gateway);
    member = await signUpMember(gateway, owner, {
      email: 'm@example.com',
      password: 'correct horse battery',
    });
  });
  afterAll(() => gateway?.stop());

  const upload = (image: unknown) => owner.send('PUT', LOGO, { image });
  const picture = async (address: string, visitor: Visitor = owner, headers: Record<string, string> = {}) =>
    await fetch(new URL(address, gateway.url), { headers: { cookie: visitor.cookieHeader, ...headers } });
  const logo = async () => ((await owner.get(PATH)).body['logo'] ?? '') as string;

  test('a name and a zone are kept, told with the session, and left alone by who leaves them out', async () => {
    const before = (await owner.get(PATH)).body;
    expect(before).toMatchObject({ time_zone: 'UTC', logo: null });
    const renamed = await owner.send('PATCH', PATH, { name: '  Analytical Engines ' });
    expect(renamed.body).toEqual({ ...before, name: 'Analytical Engines' });
    const moved = await owner.send('PATCH', PATH, { time_zone: 'Asia/Kolkata' });
    expect(moved.body).toEqual({ ...before, name: 'Analytical Engines', time_zone: 'Asia/Kolkata' });
    expect((await member.session())?.account).toMatchObject({
      name: 'Analytical Engines',
      time_zone: 'Asia/Kolkata',
      logo: null,
    });
  });

  test.each([
    [{ name: '' }, 'name: must not be empty'],
    [{ name: ' \n' }, 'name: must not be empty'],
    [{ name: 'x'.repeat(101) }, 'name: must have at most 100 characters'],
    [{ name: null }, 'name: must be a string'],
    [{ time_zone: 'Mars/Olympus' }, 'time_zone: must be the name of a time zone'],
    [{ time_zone: '+02:00' }, 'time_zone: must be the name of a time zone'],
    [{ timezone: 'UTC' }, 'has no member timezone'],
    [[], 'must be a JSON object'],
  ])('%j is refused, and changes nothing', async (body, message) => {
    const before = await owner.get(PATH);
    const answer = await owner.send('PATCH', PATH, body);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(message)]);
    expect((await owner.get(PATH)).body).toEqual(before.body);
  });

  test('a picture is drawn anew, at most 256 pixels long, and nothing else of its file comes along', async () => {
    const wide = await new Bun.Image(DOT).resize(1200, 300).png().bytes();
    const secret = 'GPS 51.5N <script>alert(1)</script>';
    const file = Buffer.concat([
      withChunk(Buffer.from(wide), 'tEXt', `Comment\0${secret}`),
      Buffer.from(secret),
    ]);
    expect((await upload(base64(file))).status).toBe(200);
    const answer = await picture(await logo());
    const bytes = await answer.bytes();
    expect(Buffer.from(bytes).toString('latin1')).not.toContain('script');
    expect(await new Bun.Image(bytes).metadata()).toEqual({ width: 256, height: 64, format: 'png' });
  });

  test.each(['jpeg', 'webp'] as const)('a %s becomes a PNG', async (format) => {
    const image = new Bun.Image(DOT).resize(300, 300);
    expect((await upload(base64(await image[format]().bytes()))).status).toBe(200);
    const answer = await picture(await logo());
    expect(answer.headers.get('content-type')).toBe('image/png');
    expect(await new Bun.Image(await answer.bytes()).metadata()).toMatchObject({ width: 256, format: 'png' });
  });

  test('opened by itself it can run nothing, is guessed at by nobody, and is kept until it changes', async () => {
    await upload(base64(DOT));
    const address = await logo();
    const answer = await picture(address);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'; sandbox");
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('cache-control')).toMatch(/^private/);
    expect(answer.headers.has('access-control-allow-origin')).toBe(false);
    const tag = answer.headers.get('etag') ?? '';
    expect((await picture(address, owner, { 'if-none-match': tag })).status).toBe(304);
    expect((await picture(address, member)).status).toBe(200);
    await upload(base64(await new Bun.Image(DOT).resize(9, 9).png().bytes()));
    expect(await logo()).not.toBe(address);
  });

  test.each([
    [
      'an SVG',
      base64('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
      'must be a PNG',
    ],
    ['HTML with the name of a picture', base64('<!doctype html><title>logo.png</title>'), 'must be a PNG'],
    ['a GIF', base64('GIF89a\x01\0\x01\0\x80\0\0'), 'must be a PNG'],
    ['nothing', '', 'must be a PNG'],
    ['the beginning of a PNG', base64(DOT.subarray(0, 40)), 'is damaged'],
    ['a claim of 65,000 by 65,000 pixels', base64(claiming(65_000)), 'million pixels'],
    ['more than a megabyte', base64(Buffer.alloc(1024 * 1024 + 1, 0x89)), 'at most 1024 KB'],
    ['what is no base64', 'data:image/png;base64,AAAA', 'in base64'],
    ['a number', 7, 'in base64'],
  ])('%s is refused, and the picture stays', async (_, image, message) => {
    const before = await logo();
    const answer = await upload(image);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(message)]);
    expect(await logo()).toBe(before);
  });

  test('a body that is far too large is not read to its end', async () => {
    expect((await upload('A'.repeat(3 * 1024 * 1024))).status).toBe(413);
  });

  test('once it is removed there is none', async () => {
    await upload(base64(DOT));
    const address = await logo();
    expect((await owner.send('DELETE', LOGO)).body['logo']).toBeNull();
    expect((await picture(address)).status).toBe(404);
    expect((await owner.send('DELETE', LOGO)).status).toBe(200);
  });
});

/** A PNG whose head tells of more pixels than anybody has memory for. */
function claiming(side: number): Buffer {
  const png = Buffer.from(DOT);
  png.writeUInt32BE(side, 16);
  png.writeUInt32BE(side, 20);
  png.writeUInt32BE(Bun.hash.crc32(png.subarray(12, 29)), 29);
  return png;
}
