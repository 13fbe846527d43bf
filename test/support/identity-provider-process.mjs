// An OpenID Provider: discovery, keys, its own pages for sign-in and consent, ID tokens and JWT access tokens.
// identity-provider.ts tells it whom it knows and what it signs with; it tells where it listens.
import { once } from 'node:events';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const { port, keys, algorithm, accounts, client, audience } = JSON.parse(process.argv[2] ?? '');

const server = createServer();
server.listen(port, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;

/** What a token says of an account, beside who it is. */
function claimsOf(id) {
  const { sub, ...claims } = accounts[id] ?? {};
  return claims;
}

const provider = new Provider(issuer, {
  jwks: { keys },
  clients: [
    {
      ...client,
      grant_types: ['authorization_code', 'client_credentials'],
      id_token_signed_response_alg: algorithm,
    },
  ],
  findAccount: (_context, id) =>
    Object.hasOwn(accounts, id) ? { accountId: id, claims: () => ({ sub: id, ...claimsOf(id) }) } : undefined,
  claims: { openid: ['sub', 'org_id', 'plan', 'roles', 'permissions', 'regions'] },
  extraTokenClaims: (_context, token) => claimsOf(token.accountId ?? token.clientId),
  features: {
    clientCredentials: { enabled: true },
    resourceIndicators: {
      getResourceServerInfo: () => ({
        audience,
        scope: '',
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: algorithm } },
      }),
    },
  },
  cookies: { keys: ['signs the cookies of a provider that lives for one test'] },
});
server.on('request', provider.callback());
process.stdout.write(`${JSON.stringify({ issuer })}\n`);
