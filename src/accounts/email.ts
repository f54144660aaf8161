/** What passes for an e-mail address where somebody types one in. No I/O. */
import { invalidField } from '../errors.ts';

/** RFC 5321 (4.5.3.1.3), without the brackets around a path. */
const MAX_LENGTH = 254;
const ADDRESS = /^[^\s@"<>,;:\\()[\]]{1,64}@[^\s@"<>,;:\\()[\]]{1,190}\.[^\s@"<>,;:\\()[\].]{2,63}$/;
/** Controls, what turns text around, and half characters: pages and mails show the address to others. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}]/u;

export function mustBeEmail(value: unknown): asserts value is string {
  if (
    typeof value === 'string' &&
    value.length <= MAX_LENGTH &&
    ADDRESS.test(value) &&
    !INVISIBLE.test(value)
  )
    return;
  throw invalidField('email', 'must be an e-mail address');
}
