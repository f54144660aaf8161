/** Those of the HTTP client's own tests: an authority of its own, and what it signed for `localhost`. */
import { join } from 'node:path';

export const CERTIFICATES = join(import.meta.dir, '../src/upstream/__fixtures__');

export const AUTHORITY = join(CERTIFICATES, 'authority.pem');
