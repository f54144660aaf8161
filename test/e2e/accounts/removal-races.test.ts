/** Somebody is removed at the very moment in which they make a key or an invitation: none is left behind that works. */
import { expect, test } from 'bun:test';
import { signUpMember, signUpOwner, tokenOf, Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { startGateway } from '../../harness.ts';

const ROUNDS = 8;
const KEYS_AT_ONCE = 6;
const ROUNDS_OF_INVITATIONS = 3;
const INVITATIONS_AT_ONCE = 12;

for (const { name: engine } of engines) {
  test(`whoever is removed while making keys keeps none that works (${engine})`, async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    for (let round = 0; round < ROUNDS; round++) {
      const email = `max-${round}@example.com`;
      const max = await signUpMember(bench, owner, { email, password: 'a long enough password' });
      const id = (await max.session())?.user.id;
      const keys = Array.from({ length: KEYS_AT_ONCE }, (_, index) =>
        max.post('/api/dashboard/keys', { name: `key ${index}` }),
      );
      const [removed, ...made] = await Promise.all([
        owner.send('DELETE', `/api/dashboard/members/${id}`),
        ...keys,
      ]);
      expect(removed.status).toBe(200);
      for (const answer of made) {
        expect([201, 401, 403]).toContain(answer.status);
        const { key } = JSON.parse(answer.text) as { key?: string };
        if (key === undefined) continue;
        const used = await fetch(`${bench.baseUrl}/key`, { headers: { authorization: `Bearer ${key}` } });
        expect([round, used.status]).toEqual([round, 403]);
      }
    }
  });

  test.each([
    ['removed', 'DELETE'],
    ['made a member', 'PATCH'],
  ])(`an admin who is %s while inviting leaves no invitation that works (${engine})`, async (_, method) => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    const visitor = new Visitor(bench.url);
    for (let round = 0; round < ROUNDS_OF_INVITATIONS; round++) {
      const email = `ada-${round}@example.com`;
      const password = 'a long enough password';
      const ada = await signUpMember(bench, owner, { email, password, role: 'admin' });
      const id = (await ada.session())?.user.id ?? '';
      const [ended, ...sent] = await Promise.all([
        owner.send(method, `/api/dashboard/members/${id}`, { role: 'member' }),
        ...Array.from({ length: INVITATIONS_AT_ONCE }, () =>
          ada.post('/api/dashboard/invitations', { role: 'admin' }),
        ),
      ]);
      expect(ended.status).toBe(200);
      for (const answer of sent) {
        expect([201, 401, 403]).toContain(answer.status);
        const token = tokenOf(String(answer.body['link'] ?? bench.url));
        const preview = await visitor.get(`/api/dashboard/invitations/preview?token=${token}`);
        expect([round, preview.status]).toEqual([round, 404]);
      }
    }
  });
}
