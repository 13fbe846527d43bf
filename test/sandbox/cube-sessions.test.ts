import { expect, test } from 'vitest';
import { CubeAccount, usersMax } from '../../src/sandbox/cube-account.ts';
import { askRows, attribute, callCube, rowsAfter, seeing, sessionOf, tokenOf } from './cube-support.ts';
import { openSandbox } from './support.ts';

test('a session is exchanged once, without a key; used, unknown and revoked ones are 401', async () => {
  const sandbox = await openSandbox();
  const sessionId = await sessionOf(sandbox);
  await tokenOf(sandbox, sessionId);
  const revoked = await sessionOf(sandbox);
  expect((await callCube(sandbox, 'session/revoke', { sessionId: revoked })).status).toBe(204);
  for (const id of [sessionId, 'made-up', revoked]) {
    expect((await callCube(sandbox, 'session/token', { sessionId: id }, '')).status).toBe(401);
  }
  expect((await callCube(sandbox, 'session/token', {}, '')).status).toBe(400);
});

test('of many frames that exchange a session at once exactly one has a token', async () => {
  const sandbox = await openSandbox();
  const sessionId = await sessionOf(sandbox);
  const replies = await Promise.all(
    Array.from({ length: 20 }, () => callCube(sandbox, 'session/token', { sessionId }, '')),
  );
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
});

test('a session waits five minutes and a token lives 24 hours', () => {
  const account = new CubeAccount();
  account.update('ada', { userAttributes: [] });
  const [early, late] = [account.open({ externalId: 'ada' }, 0), account.open({ externalId: 'ada' }, 0)];
  const token = account.exchange(early, 300_000) ?? '';
  expect(token).not.toBe('');
  expect(account.exchange(late, 300_001)).toBeUndefined();
  expect(account.viewerOf(token, 300_000 + 86_400_000)).toBeDefined();
  expect(account.viewerOf(token, 300_001 + 86_400_000)).toBeUndefined();
});

test('an account has 10,000 external users and no more', () => {
  const account = new CubeAccount();
  for (let user = 0; user < usersMax; user += 1) account.update(`user-${user}`, { userAttributes: [] });
  expect(account.hasRoomFor('user-0')).toBe(true);
  expect(account.hasRoomFor('another')).toBe(false);
});

test('revoking ends the token of an open frame, is 204 again and for what never was, and ends no other', async () => {
  const sandbox = await openSandbox();
  const [mine, other] = [await sessionOf(sandbox), await sessionOf(sandbox)];
  const [token, otherToken] = [await tokenOf(sandbox, mine), await tokenOf(sandbox, other)];
  expect((await askRows(sandbox, token)).status).toBe(200);
  for (const sessionId of [mine, mine, 'made-up']) {
    const reply = await callCube(sandbox, 'session/revoke', { sessionId });
    expect([reply.status, await reply.text()]).toEqual([204, '']);
  }
  expect((await askRows(sandbox, token)).status).toBe(401);
  expect((await askRows(sandbox, otherToken)).status).toBe(200);
  expect((await askRows(sandbox, '')).status).toBe(401);
});

test('an attribute that a later call leaves out keeps its old value, and null clears it', async () => {
  const sandbox = await openSandbox();
  expect(await rowsAfter(sandbox, { userAttributes: seeing('acme') })).toHaveLength(6);
  const shrunk = await rowsAfter(sandbox, { userAttributes: [attribute('tenant', 'acme')] });
  expect(new Set(shrunk.map(({ region }) => region))).toEqual(new Set(['EU', 'US']));
  const cleared = [attribute('tenant', 'acme'), attribute('regions', null)];
  expect(await rowsAfter(sandbox, { userAttributes: cleared })).toEqual([]);
});

test('groups that a later call leaves out are kept, [] clears them and a list replaces them', async () => {
  const sandbox = await openSandbox();
  const seesAmounts = async (more: object) =>
    (await rowsAfter(sandbox, { userAttributes: seeing('acme'), ...more })).every(
      ({ amount }) => amount !== undefined,
    );
  expect(await seesAmounts({})).toBe(false);
  expect(await seesAmounts({ groups: ['admin'] })).toBe(true);
  expect(await seesAmounts({})).toBe(true);
  expect(await seesAmounts({ groups: ['viewer'] })).toBe(false);
  expect(await seesAmounts({ groups: ['admin'] })).toBe(true);
  expect(await seesAmounts({ groups: [] })).toBe(false);
});

test('what a later call sets counts for a frame that is open already', async () => {
  const sandbox = await openSandbox();
  const token = await tokenOf(sandbox, await sessionOf(sandbox, { userAttributes: seeing('acme') }));
  await sessionOf(sandbox, { userAttributes: seeing('globex') });
  expect(await (await askRows(sandbox, token)).text()).not.toContain('acme');
});

test('users are apart, and one without attributes sees no row', async () => {
  const sandbox = await openSandbox();
  await rowsAfter(sandbox, { userAttributes: seeing('acme') });
  expect(await rowsAfter(sandbox, { externalId: 'acme:ben' })).toEqual([]);
  const globex = await rowsAfter(sandbox, { externalId: 'globex:eve', userAttributes: seeing('globex') });
  expect(globex.map(({ tenant }) => tenant)).toEqual(Array(5).fill('globex'));
});

test('frames are where documentation or demo has them, for what there is; nothing else is a frame', async () => {
  const { cubeBaseUrl } = await openSandbox();
  const statuses = async (paths: readonly string[]): Promise<readonly number[]> =>
    Promise.all(paths.map(async (path) => (await fetch(`${cubeBaseUrl}/embed/${path}?session=x`)).status));
  const there = ['dashboard/pipeline', 'chat', 'd/1/app', 'd/1/dashboard/pipeline', 'd/1/chat'];
  expect(await statuses(there)).toEqual(there.map(() => 200));
  const missing = ['dashboard/other', 'd/2/dashboard/pipeline', 'd/1/dashboard/other', 'd/2/chat', 'd/2/app'];
  expect(await statuses([...missing, 'app', 'dashboard', 'constructor'])).toEqual(Array(8).fill(404));
});

test('the app’s rows are for creator mode alone, and name the workspace', async () => {
  const sandbox = await openSandbox();
  const userAttributes = seeing('acme');
  const creating = { userAttributes, creatorMode: true, embedTenantName: 'org-acme' };
  const creator = await tokenOf(sandbox, await sessionOf(sandbox, creating));
  const app = await askRows(sandbox, creator, 'app');
  expect(await app.json()).toMatchObject({ workspace: 'org-acme', rows: { length: 6 } });
  for (const more of [{ userAttributes }, { userAttributes, embedTenantName: 'org-acme' }]) {
    const reader = await tokenOf(sandbox, await sessionOf(sandbox, more));
    expect((await askRows(sandbox, reader, 'app')).status).toBe(403);
    expect((await askRows(sandbox, reader, 'chat')).status).toBe(200);
  }
  expect((await askRows(sandbox, 'made-up', 'app')).status).toBe(401);
});
