/** A mail server that is spoken to without TLS, because it has none or because somebody stands between and says so. */
import { afterEach, expect, test } from 'bun:test';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { OWNER, signUpOwner } from '../../accounts.ts';
import { startGateway } from '../../harness.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Offers to be told a password, and no TLS; takes all that it is told. */
async function serverWithoutTls(): Promise<{ port: number; heard: string[] }> {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('220 mail.example ESMTP\r\n');
    socket.on('data', (bytes) => {
      const line = bytes.toString().trimEnd();
      heard.push(line);
      if (/^EHLO/i.test(line)) socket.write('250-mail.example\r\n250 AUTH PLAIN LOGIN\r\n');
      else if (/^STARTTLS/i.test(line)) socket.write('502 not here\r\n');
      else if (/^AUTH/i.test(line)) socket.write('235 welcome\r\n');
      else if (/^DATA/i.test(line)) socket.write('354 go on\r\n');
      else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
      else socket.write('250 well\r\n');
    });
  });
  servers.push(server);
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', () => listening()));
  return { port: (server.address() as AddressInfo).port, heard };
}

/** 0.0.0.0 leads to this machine and is no address of it, as far as anybody knows. */
const ELSEWHERE = '0.0.0.0';

test.each([
  ['elsewhere gets neither the password nor a link without TLS', ELSEWHERE, '', false],
  ['elsewhere gets both where the operator says that it has no TLS', ELSEWHERE, '/?requireTLS=false', true],
  ['on this machine gets both, for nobody stands between', '127.0.0.1', '', true],
])('a mail server %s', async (_, host, query, getsBoth) => {
  const { port, heard } = await serverWithoutTls();
  const smtp_url = `smtp://turnpike:the-mail-password@${host}:${port}${query}`;
  await using bench = await startGateway({ config: { mail: { smtp_url, from: 'turnpike@example.com' } } });
  const owner = await signUpOwner(bench);
  await owner.post('/api/auth/request-password-reset', { email: OWNER.email });
  const isOver = () =>
    heard.some((line) => line.includes('reset-password')) ||
    bench.logLines.some((line) => line.includes('mail_failed'));
  while (!isOver()) await Bun.sleep(10);
  const said = heard.join('\n');
  expect(said).toMatch(/^EHLO/i);
  expect(/^AUTH/im.test(said)).toBe(getsBoth);
  expect(said.includes('reset-password')).toBe(getsBoth);
});
