import { expect, it } from 'vitest';
import { openSandbox } from '../sandbox/support.ts';
import { configOver, startGateway } from '../support/gateway.ts';

/** Everything a browser, a proxy or an attacker may add to a request to pass for another tenant. */
const forgeries: readonly Readonly<{ headers?: Record<string, string>; query?: string; body?: unknown }>[] = [
  { headers: { 'x-forwarded-for': '10.0.0.1' } },
  { headers: { 'x-forwarded-host': 'globex.example.com' } },
  { headers: { 'x-forwarded-proto': 'https' } },
  { headers: { 'x-forwarded-user': 'grace' } },
  { headers: { forwarded: 'for=10.0.0.1;host=globex.example.com' } },
  { headers: { 'x-tenant': 'globex' } },
  { headers: { 'x-tenant-id': 'globex' } },
  { headers: { 'x-org-id': 'globex' } },
  { headers: { 'x-user': 'grace' } },
  { headers: { 'x-original-url': '/embed-url?embed=sales&orgId=globex' } },
  { headers: { 'x-http-method-override': 'PUT' } },
  { headers: { cookie: 'tenant=globex; org_id=globex; orgId=globex' } },
  { query: '&orgId=globex' },
  { query: '&tenant=globex' },
  { query: '&inputs[orgId]=globex' },
  { query: '&hexUserAttributes[orgId]=globex' },
  { query: '&claims=%7B%22org_id%22%3A%22globex%22%7D' },
  { body: { embed: 'sales', orgId: 'globex' } },
  { body: { embed: 'sales', attributes: { orgId: 'globex' } } },
  { body: { embed: 'sales', hexUserAttributes: { orgId: 'globex' } } },
  { body: { embed: 'sales', inputs: { orgId: 'globex' } } },
  { body: { embed: 'sales', inputs: { __proto__: { orgId: 'globex' } } } },
];

it('no header, query, body or cookie changes another tenant’s attributes: they are as signed, or nothing is minted', async () => {
  const sandbox = await openSandbox();
  const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
  const token = await sandbox.signSession({ sub: 'ben' });
  let minted = 0;
  for (const { headers = {}, query = '', body } of forgeries) {
    const response = await fetch(
      `${gateway.url}/embed-url${body === undefined ? `?embed=sales${query}` : ''}`,
      {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      },
    );
    expect([200, 400]).toContain(response.status);
    if (response.status === 200) minted += 1;
  }
  expect(minted).toBeGreaterThan(10);
  expect(sandbox.hexCalls).toHaveLength(minted);
  for (const { body } of sandbox.hexCalls) {
    expect(body).toEqual({
      hexUserAttributes: { orgId: 'acme', userRole: 'viewer', regions: '["EU"]' },
      scope: [],
      inputParameters: { topN: 10 },
      expiresIn: 15_000,
      displayOptions: {},
    });
  }
});

it('two tenants at once each see their own rows and no others', async () => {
  const sandbox = await openSandbox();
  const more = 'limits: { user: [{ max: 500, per: 1m }], tenant: [{ allow: [{ max: 500, per: 1m }] }] }';
  const hex = 'budget: { max: 500, per: 1m }';
  const gateway = await startGateway(configOver(sandbox, { more, hex }), { HEX_TOKEN: sandbox.hexToken });
  const people = ['ada', 'grace'] as const;
  const tokens = await Promise.all(people.map((sub) => sandbox.signSession({ sub })));
  const names = { ada: 'Acme', grace: 'Globex' };
  await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const person = people[index % 2] ?? 'ada';
      const response = await fetch(`${gateway.url}/embed-url?embed=sales`, {
        headers: { authorization: `Bearer ${tokens[index % 2] ?? ''}` },
      });
      const { url } = (await response.json()) as { url: string };
      const page = await (await fetch(url)).text();
      expect(page.toLowerCase()).toContain(names[person].toLowerCase());
      expect(page.toLowerCase()).not.toContain(names[person === 'ada' ? 'grace' : 'ada'].toLowerCase());
    }),
  );
});
