import { decodeJwt, SignJWT } from 'jose';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { problemIn, startGateway, type RunningGateway } from '../support/gateway.ts';
import { secrets } from '../support/one-embed.ts';

const issuer = 'https://login.example.com/';
const hostOrigin = 'https://app.example.com';
const sessionKey = '0123456789abcdefghijklmnopqrstuv';

const shows = (fields: object): object => ({ provider: 'metabase', ...fields });

async function running(): Promise<RunningGateway> {
  return startGateway(
    stringify({
      listen: { port: 0, allowedOrigins: [hostOrigin] },
      operations: { port: 0 },
      sessions: [
        {
          issuer,
          audience: 'analytics',
          tokens: ['bearer', 'cookie:session'],
          keys: { secret: sessionKey },
          tenant: 'claims.org_id',
        },
      ],
      providers: {
        metabase: {
          kind: 'metabase',
          siteUrl: 'https://metabase.example.com',
          secretKey: secrets.metabase[0],
        },
      },
      embeds: {
        admins: shows({
          dashboard: 12,
          allow: '"admin" in claims.roles',
          locked: { organisation: 'tenant', all: '"yes"' },
        }),
        churn: shows({ dashboard: 12, locked: { organisation: 'tenant' } }),
        secret: shows({ question: 12, allow: 'false', locked: { organisation: 'tenant' } }),
        regional: shows({ question: 'abcdefghijklmnopqrstu', locked: { regions: 'claims.regions' } }),
      },
    }),
  );
}

async function tokenOf(claims: object): Promise<string> {
  return new SignJWT({ org_id: 'acme', roles: [], ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(issuer)
    .setAudience('analytics')
    .setSubject('ada')
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(new TextEncoder().encode(sessionKey));
}

/** As Metabase's embed.js asks: with the cookie, without a header of its own. */
async function ask(
  gateway: RunningGateway,
  body: unknown,
  { claims = {}, origin = hostOrigin }: { claims?: object; origin?: string } = {},
): Promise<Response> {
  return fetch(`${gateway.url}/metabase/guest-token`, {
    method: 'POST',
    headers: {
      cookie: `session=${await tokenOf(claims)}`,
      'content-type': 'application/json',
      origin,
    },
    body: JSON.stringify(body),
  });
}

async function signed(reply: Response): Promise<unknown> {
  expect(reply.status).toBe(200);
  const { jwt } = (await reply.json()) as { jwt: string };
  const { resource, params } = decodeJwt(jwt);
  return { resource, params };
}

it('Metabase’s own script gets a token for what the session may open, with the session’s own filters', async () => {
  const gateway = await running();
  const dashboard = { entityType: 'dashboard', entityId: 12 };
  const reply = await ask(gateway, { ...dashboard, customContext: { params: { organisation: 'globex' } } });
  expect(reply.headers.get('access-control-allow-origin')).toBe(hostOrigin);
  expect(reply.headers.get('access-control-allow-credentials')).toBe('true');
  expect(reply.headers.get('cache-control')).toBe('no-store');
  expect(await signed(reply)).toEqual({ resource: { dashboard: 12 }, params: { organisation: 'acme' } });
  // an HTML attribute knows texts alone
  expect(await signed(await ask(gateway, { ...dashboard, entityId: '12' }))).toMatchObject({
    params: { organisation: 'acme' },
  });
  // of several that show the same it is the first that this session may open
  expect(await signed(await ask(gateway, dashboard, { claims: { roles: ['admin'] } }))).toMatchObject({
    params: { organisation: 'acme', all: 'yes' },
  });
  expect(gateway.lines().filter(({ audit, embed }) => audit === 'mint' && embed === 'churn')).toHaveLength(2);
});

it('what it names only chooses among the configured embeds', async () => {
  const gateway = await running();
  for (const [body, status, code] of [
    [{ entityType: 'dashboard', entityId: 13 }, 404, 'embed_not_found'],
    [{ entityType: 'question', entityId: 12 }, 403, 'embed_denied'],
    [{ entityType: 'question', entityId: 'abcdefghijklmnopqrstu' }, 403, 'attribute_missing'],
    [{ entityType: 'collection', entityId: 12 }, 400, 'input_invalid'],
    [{ entityType: 'dashboard', entityId: 1.5 }, 400, 'input_invalid'],
    [{ entityType: 'dashboard', entityId: [12] }, 400, 'input_invalid'],
    [{}, 400, 'input_invalid'],
    ['churn', 400, 'input_invalid'],
  ] as const) {
    expect(await problemIn(await ask(gateway, body)), JSON.stringify(body)).toMatchObject({ status, code });
  }
  const unsigned = await fetch(`${gateway.url}/metabase/guest-token`, { method: 'POST' });
  expect(unsigned.status).toBe(401);
});

it('no other site gets a token by a reader’s cookie', async () => {
  const gateway = await running();
  const body = { entityType: 'dashboard', entityId: 12 };
  const reply = await ask(gateway, body, { origin: 'https://evil.example.com' });
  expect(reply.headers.get('access-control-allow-origin')).not.toBe('https://evil.example.com');
  expect(await problemIn(reply)).toMatchObject({ status: 403, code: 'origin_denied' });
});
