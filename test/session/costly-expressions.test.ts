import { expect, test } from 'vitest';
import { Refusal } from '../../src/gateway/refusal.ts';
import { bearer, entry, sign, verifier } from './support.ts';

const costly = 'claims.roles.map(r, claims.roles.map(s, claims.roles)) == [] || true';
const roles = Array.from({ length: 300 }, (_, index) => index % 10);

test.each([
  [{ require: [costly] }, 'require[0]: cost limit exceeded'],
  [{ require: ['true', costly] }, 'require[1]: cost limit exceeded'],
  [{ tenant: `${costly} ? "acme" : "acme"` }, 'tenant: cost limit exceeded'],
  [{ user: `${costly} ? "ann" : "ann"` }, 'user: cost limit exceeded'],
])('a session whose entry would cost too much to judge it by is refused: %j', async (fields, reason) => {
  const session = verifier([entry(fields)])(bearer(sign({ roles })));
  const refusal = await session.catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(Refusal);
  expect(refusal).toMatchObject({ code: 'session_invalid', parts: { reason } });
  await expect(verifier([entry(fields)])(bearer(sign({ roles: [] })))).resolves.toBeDefined();
});
