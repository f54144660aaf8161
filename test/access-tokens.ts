/** What the gate needs of access tokens in a test that is not about them: there are none. */
import { refusedKey } from '../src/auth/bearer.ts';

export const noAccessTokens = {
  keyHashOf(): never {
    throw refusedKey('invalid_api_key');
  },
};
