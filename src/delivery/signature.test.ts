import { expect, test } from 'bun:test';
import { signedHeaders } from './signature.ts';

// The example of the Standard Webhooks specification (standard-webhooks/standard-webhooks, its libraries' tests).
test('the example of the specification is signed as it says', () => {
  const headers = signedHeaders(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], {
    ...{ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', atMs: 1_614_265_330_000, body: '{"test": 2432232314}' },
  });
  expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});
