import { expect, test } from 'bun:test';
import { proxies } from './proxies.ts';

const found = (publicUrl: string, host: string, ...trustedProxies: string[]) => {
  const { level, text, remedy } = proxies({ publicUrl, host, trustedProxies });
  return `${level} ${text} ${remedy ?? ''}`;
};

test('a proxy that must be there and is not trusted is warned of, also one on the same machine', () => {
  const onThisMachine =
    /^warn none, .* share its limits of attempts set trusted_proxies: \["127\.0\.0\.1", "::1"\]/;
  expect(found('https://ai.example.com', '127.0.0.1')).toMatch(onThisMachine);
  expect(found('https://ai.example.com', '::1')).toMatch(onThisMachine);
  expect(found('http://ai.internal', '127.0.0.1')).toMatch(onThisMachine);
  expect(found('https://ai.example.com', '0.0.0.0')).toMatch(
    /^warn none, .* name in trusted_proxies the addresses/,
  );
});

test('where clients may come by themselves, or the proxy is named, all is well', () => {
  expect(found('http://127.0.0.1:4141', '127.0.0.1')).toMatch(/^ok none/);
  expect(found('http://10.0.0.7:4141', '0.0.0.0')).toMatch(/^ok none/);
  expect(found('https://ai.example.com', '127.0.0.1', '127.0.0.1', '::1')).toMatch(
    /^ok .* from 127\.0\.0\.1, ::1/,
  );
});

test('a network of everybody is warned of', () => {
  expect(found('https://ai.example.com', '0.0.0.0', '10.0.0.0/8', '0.0.0.0/0')).toMatch(
    /^warn 0\.0\.0\.0\/0: /,
  );
  expect(found('https://ai.example.com', '::', '::/0')).toMatch(/^warn ::\/0: /);
});
