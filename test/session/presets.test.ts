import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startKeyServer, type KeyServer } from '../support/key-server.ts';
import { bearer, verifier } from './support.ts';

let server: KeyServer;
beforeAll(async () => {
  server = await startKeyServer();
});
afterAll(() => server.stop());

interface Product {
  /** The entry as an operator writes it. */
  readonly entry: Readonly<Record<string, unknown>>;
  readonly issuer: string;
  /** Claims as the product makes them. */
  readonly good: Readonly<Record<string, unknown>>;
  readonly tenant: string;
  /** What is changed of the good claims, so that the session is refused; undefined leaves a claim out. */
  readonly refused: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const clerk = {
  entry: {
    preset: 'clerk',
    issuer: 'https://acme.clerk.accounts.dev',
    authorizedParties: ['https://app.example.com'],
  },
  issuer: 'https://acme.clerk.accounts.dev',
  tenant: 'org_acme',
  refused: {
    'made for another application': { azp: 'https://elsewhere.example.com' },
    'made for nobody known': { azp: undefined },
    'not signed in yet': { sts: 'pending' },
    'of no state': { sts: null },
    impersonated: { act: { sub: 'user_support' } },
  },
};

const products: Readonly<Record<string, Product>> = {
  'clerk, version 2': {
    ...clerk,
    good: { azp: 'https://app.example.com', sts: 'active', v: 2, o: { id: 'org_acme', rol: 'admin' } },
    refused: {
      ...clerk.refused,
      'without organization': { o: undefined },
      'no organization, beside one of version 1': { o: null, org_id: 'org_other' },
      'an organization without id, beside one of version 1': { o: {}, org_id: 'org_other' },
    },
  },
  'clerk, version 1': { ...clerk, good: { azp: 'https://app.example.com', org_id: 'org_acme' } },
  auth0: {
    entry: {
      preset: 'auth0',
      issuer: 'https://acme.eu.auth0.com/',
      audience: 'https://analytics.example.com',
    },
    issuer: 'https://acme.eu.auth0.com/',
    good: {
      aud: ['https://analytics.example.com', 'https://acme.eu.auth0.com/userinfo'],
      org_id: 'org_acme',
    },
    tenant: 'org_acme',
    refused: {
      'another audience': { aud: 'https://other.example.com' },
      'no audience': { aud: undefined },
      'without organization': { org_id: undefined },
    },
  },
  cognito: {
    entry: {
      preset: 'cognito',
      region: 'eu-west-1',
      pool: 'eu-west-1_AbCdEf123',
      client: '4f3k2example',
      tenant: 'claims["custom:tenant"]',
    },
    issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123',
    good: { token_use: 'access', client_id: '4f3k2example', 'custom:tenant': 'acme' },
    tenant: 'acme',
    refused: {
      'another client': { client_id: 'other' },
      'no client': { client_id: undefined },
      'an id token': { token_use: 'id', aud: '4f3k2example' },
    },
  },
  keycloak: {
    entry: {
      preset: 'keycloak',
      issuer: 'https://login.example.com/realms/acme',
      authorizedParties: ['web', 'mobile'],
      tenant: 'claims.tenant',
    },
    issuer: 'https://login.example.com/realms/acme',
    good: { typ: 'Bearer', azp: 'mobile', aud: 'account', tenant: 'acme' },
    tenant: 'acme',
    refused: {
      'another client': { azp: 'other' },
      'no client': { azp: undefined },
      'an id token': { typ: 'ID' },
      'a token of no type': { typ: undefined },
    },
  },
  firebase: {
    entry: { preset: 'firebase', project: 'acme-analytics' },
    issuer: 'https://securetoken.google.com/acme-analytics',
    good: { aud: 'acme-analytics', firebase: { sign_in_provider: 'password', tenant: 'acme-x1' } },
    tenant: 'acme-x1',
    refused: {
      'another project': { aud: 'other' },
      'an anonymous user': { firebase: { sign_in_provider: 'anonymous', tenant: 'acme-x1' } },
      'no tenant': { firebase: { sign_in_provider: 'password' } },
    },
  },
  supabase: {
    entry: {
      preset: 'supabase',
      project: 'abcdefghijklmnopqrst',
      tenant: 'claims.app_metadata.tenant',
    },
    issuer: 'https://abcdefghijklmnopqrst.supabase.co/auth/v1',
    good: {
      aud: 'authenticated',
      role: 'authenticated',
      is_anonymous: false,
      app_metadata: { tenant: 'acme' },
      user_metadata: { tenant: 'globex' },
    },
    tenant: 'acme',
    refused: {
      'the service role': { role: 'service_role' },
      'the role of nobody': { role: 'anon' },
      'the role of the dashboard': { role: 'supabase_admin' },
      'a role of the operator’s own': { role: 'editor' },
      'another application, which the user let in': { client_id: 'c0ffee00-0000-4000-8000-000000000000' },
      'no role': { role: undefined },
      'an anonymous user': { is_anonymous: true },
      'an anonymous user, as a text': { is_anonymous: 'true' },
      'perhaps an anonymous user': { is_anonymous: null },
      'another audience': { aud: 'anon' },
      'a tenant of the user’s own making': { app_metadata: {} },
    },
  },
  workos: {
    entry: { preset: 'workos', client: 'client_01ABC' },
    issuer: 'https://api.workos.com',
    good: { sid: 'session_01', org_id: 'org_acme', role: 'member' },
    tenant: 'org_acme',
    refused: {
      'no session': { sid: undefined },
      'a session without a name': { sid: '' },
      'a session that is null': { sid: null },
      'without organization': { org_id: undefined },
      impersonated: { act: { sub: 'admin@acme.example' } },
    },
  },
};

describe.each(Object.entries(products))('preset %s', (_name, { entry, issuer, good, tenant, refused }) => {
  const verify = async (changes: Readonly<Record<string, unknown>>, iss = issuer): Promise<unknown> => {
    const claims = Object.entries<unknown>({ sub: 'ada', ...good, ...changes }).filter(
      ([, value]) => value !== undefined,
    );
    const token = await server.sign(Object.fromEntries(claims), { issuer: iss });
    return verifier([{ ...entry, keys: { jwks: server.jwksUrl } }])(bearer(token));
  };

  test('believes what the product signs', async () => {
    expect(await verify({})).toMatchObject({ issuer, tenant, user: 'ada' });
  });

  test.each(Object.entries(refused))('refuses: %s', async (_case, changes) => {
    await expect(verify(changes)).rejects.toMatchObject({ code: 'session_invalid' });
  });

  test('refuses another issuer', async () => {
    await expect(verify({}, `${issuer}x`)).rejects.toMatchObject({ code: 'session_invalid' });
  });
});
