/** What a mounted route needs of sessions and pages in a test that is not about them: nobody is signed in. */
import { createSessionGate } from '../src/auth/session-gate.ts';
import { errorResponse } from '../src/http/envelope.ts';

export const withoutPages = {
  sessions: createSessionGate({
    readSession: async () => null,
    publicUrl: 'http://localhost',
    masterKey: new Uint8Array(32),
  }),
  errorPage: errorResponse,
};
