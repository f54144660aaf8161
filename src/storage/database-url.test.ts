import { expect, test } from 'bun:test';
import { databaseUrlFault, forDriver } from './database-url.ts';

test.each([
  [
    'a hash after digits, which makes a port of them',
    'postgres://turnpike:12#geheim@db.example.com/turnpike',
  ],
  ['a slash after digits', 'postgres://turnpike:12/geheim@db.example.com/turnpike'],
  ['a question mark after digits', 'postgres://turnpike:12?geheim@db.example.com/turnpike'],
  ['a slash after a sign that is escaped', 'postgres://turnpike:a%40/geheim@db.example.com/turnpike'],
  ['a percent sign of its own', 'postgres://turnpike:100%geheim@db.example.com/turnpike'],
  ['a percent sign at the end', 'postgres://turnpike:geheim%@db.example.com/turnpike'],
  ['several at once', 'postgres://turnpike:p@ss:w/rd%20#1?geheim@db.example.com/turnpike'],
])('an address whose password has %s unescaped is refused with how to write it, and without it', (_, url) => {
  const fault = databaseUrlFault(url);
  expect(fault).toContain('write % as %25');
  expect(fault).not.toContain('geheim');
});

test.each([
  'postgres://turnpike:p%40ss%3Aw%2Frd%2520%231%3F@db.example.com/turnpike',
  'postgresql://turnpike@[2001:db8::1]:5432/turnpike',
  'postgres://db.example.com/turnpike?sslmode=verify-full&application_name=a%40b',
  'postgres://turnpike:secret@db.example.com',
])('%s is taken', (url) => expect(databaseUrlFault(url)).toBeNull());

test('an sslmode that does not exist is named with those that do, and a certificate that is not there by its setting', () => {
  expect(databaseUrlFault('postgres://db.example.com/turnpike?sslmode=required')).toContain('verify-full');
  const missing = 'postgres://db.example.com/turnpike?sslmode=verify-full&sslrootcert=/nowhere/ca.crt';
  expect(databaseUrlFault(missing)).toContain('its sslrootcert names cannot be read');
});

test('modes that the driver takes for verify-full are given to it as that, and those of libpq as they are', () => {
  const asked = (query: string) => forDriver(`postgres://u:p%40@h/db?${query}`);
  for (const mode of ['prefer', 'require', 'verify-ca'])
    expect(asked(`sslmode=${mode}`)).toBe('postgres://u:p%40@h/db?sslmode=verify-full');
  for (const query of ['sslmode=no-verify', 'sslmode=disable', 'sslmode=require&uselibpqcompat=true', ''])
    expect(asked(query)).toBe(`postgres://u:p%40@h/db?${query}`);
});
