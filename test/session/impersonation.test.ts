import { expect, it } from 'vitest';
import { authSecret, sealBytes } from '../support/seal.ts';
import { bearer, claims, cookie, entry, sealedVerifier, sign, verifier } from './support.ts';

const refused = { code: 'session_invalid', parts: { reason: 'impersonated' } };

it.each([[{ sub: 'support@acme.example' }], ['support'], [null], [{}], [false]])(
  'a session that says that somebody acts as its user is refused: act %j',
  async (act) => {
    await expect(verifier()(bearer(sign({ act })))).rejects.toMatchObject(refused);
  },
);

it('where the entry allows it, it is believed and marked, and an ordinary one is not', async () => {
  const verify = verifier([entry({ impersonation: true })]);
  const act = { sub: 'support@acme.example' };
  expect(await verify(bearer(sign({ act })))).toMatchObject({ user: 'ada', impersonated: true });
  expect(await verify(bearer(sign()))).not.toHaveProperty('impersonated');
});

it('a sealed cookie is held to it as well', async () => {
  const seal = (): string =>
    `next-auth.session-token=${sealBytes(JSON.stringify({ ...claims(), tenant: 'acme', act: {} }), { secret: authSecret })}`;
  const fields = {
    tokens: ['cookie:next-auth.session-token'],
    keys: { sealed: { format: 'next-auth', secret: '${env:AUTH_SECRET}' } },
  };
  await expect(sealedVerifier([fields])(cookie(seal()))).rejects.toMatchObject(refused);
  const allowing = sealedVerifier([{ ...fields, impersonation: true }]);
  expect(await allowing(cookie(seal()))).toMatchObject({ user: 'ada', impersonated: true });
});

it.each([
  [{ act: {} }, {}],
  [{}, { act: {} }],
])(
  'nextjs-auth0 holds the user’s claims below others, and it is seen there: %j, %j',
  async (above, below) => {
    const { iat: createdAt, exp } = claims();
    const user = { sub: 'ada', org_id: 'acme', ...below };
    const session = { ...above, user, internal: { createdAt }, exp };
    const sealed = `__session=${sealBytes(JSON.stringify(session), { info: 'JWE CEK' })}`;
    const fields = {
      tokens: ['cookie:__session'],
      keys: { sealed: { format: 'nextjs-auth0', secret: '${env:AUTH_SECRET}' } },
      tenant: 'claims.user.org_id',
      user: 'claims.user.sub',
    };
    await expect(sealedVerifier([fields])(cookie(sealed))).rejects.toMatchObject(refused);
    const allowing = sealedVerifier([{ ...fields, impersonation: true }]);
    expect(await allowing(cookie(sealed))).toMatchObject({ user: 'ada', impersonated: true });
  },
);
