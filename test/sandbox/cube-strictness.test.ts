import { expect, test } from 'vitest';
import { attribute, callCube, leastBody, rowsAfter, seeing } from './cube-support.ts';
import { openSandbox } from './support.ts';

const problemIn = async (reply: Response) => ((await reply.json()) as { error: string }).error;

test('a good call answers a session id and nothing else', async () => {
  const reply = await callCube(await openSandbox(), 'generate-session', {
    ...leastBody,
    email: 'ada@acme.example',
    userProfile: { displayName: 'Ada' },
    embedTenantName: 'acme-1',
    creatorMode: false,
    userAttributes: seeing('acme'),
    groups: ['admin'],
    securityContext: { tenant: 'acme' },
    settings: { allowAi: false, locale: 'de-CH' },
  });
  expect(reply.status).toBe(200);
  expect(await reply.json()).toEqual({ sessionId: expect.stringMatching(/^[\w-]{43}$/) as string });
});

test('no key, a wrong one and one under another scheme are 403, for a revocation too', async () => {
  const sandbox = await openSandbox();
  for (const authorization of ['', 'Api-Key wrong', 'Api-Key', `Bearer ${sandbox.cubeApiKey}`]) {
    expect((await callCube(sandbox, 'generate-session', leastBody, authorization)).status).toBe(403);
    expect((await callCube(sandbox, 'session/revoke', { sessionId: 'x' }, authorization)).status).toBe(403);
  }
});

test('a deployment that the key is not for is 403', async () => {
  const reply = await callCube(await openSandbox(), 'generate-session', { ...leastBody, deploymentId: 2 });
  expect(reply.status).toBe(403);
});

test.each([
  ['an unknown field', { surprise: 1 }, 'surprise'],
  ['a misspelt one', { userAttribute: [] }, 'userAttribute'],
  ['a deployment that is text', { deploymentId: '1' }, 'deploymentId'],
  ['an id in capitals', { externalId: 'acme:Ada' }, 'externalId'],
  ['an id with a blank at its end', { externalId: 'acme:ada ' }, 'externalId'],
  ['an empty id', { externalId: '' }, 'externalId'],
  ['no id', { externalId: undefined }, 'externalId'],
  ['both ids', { internalId: 'ada' }, 'internalId'],
  ['a tenant name that starts with a digit', { embedTenantName: '1acme' }, 'embedTenantName'],
  ['a tenant name of four characters', { embedTenantName: 'acme' }, 'embedTenantName'],
  ['creator mode without a tenant name', { creatorMode: true }, 'creatorMode needs embedTenantName'],
  ['attributes as an object', { userAttributes: { tenant: 'acme' } }, 'userAttributes'],
  ['an attribute that is true', { userAttributes: [attribute('tenant', true)] }, 'userAttributes.0.value'],
  ['a mixed list', { userAttributes: [attribute('regions', ['EU', 1])] }, 'userAttributes.0.value'],
  [
    'an attribute twice',
    { userAttributes: [attribute('tenant', 'acme'), attribute('tenant', 'globex')] },
    'names an attribute twice',
  ],
  [
    'an attribute that the account does not have',
    { userAttributes: [attribute('orgId', 'acme')] },
    'User attributes not found',
  ],
  ['groups that are no list', { groups: 'admin' }, 'groups'],
  ['a setting that is a number', { settings: { allowAi: 1 } }, 'settings.allowAi'],
  ['an unknown field of the profile', { userProfile: { name: 'Ada' } }, 'userProfile'],
])('%s is 400', async (_case, more, said) => {
  const reply = await callCube(await openSandbox(), 'generate-session', { ...leastBody, ...more });
  expect(reply.status).toBe(400);
  expect(await problemIn(reply)).toContain(said);
});

test('a body that is refused changes nothing that is kept of the user', async () => {
  const sandbox = await openSandbox();
  expect(await rowsAfter(sandbox, { userAttributes: seeing('acme') })).toHaveLength(6);
  const userAttributes = [attribute('tenant', 'globex'), attribute('unknown', '1')];
  await callCube(sandbox, 'generate-session', { ...leastBody, userAttributes });
  expect((await rowsAfter(sandbox, {})).map(({ tenant }) => tenant)).toEqual(Array(6).fill('acme'));
});
