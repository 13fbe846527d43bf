import { afterAll, expect, it } from 'vitest';
import { createList } from '../../src/gateway/list.ts';
import { configureEmbed, sessionWith } from './sent-body.ts';

const fields = configureEmbed({ locked: { regions: 'claims.regions' } }, 'metabase');
afterAll(() => fields.close());

it('an embed that could not be opened, whatever stands in the way, is not listed', async () => {
  const listFor = async (claims: Readonly<Record<string, unknown>>): Promise<readonly string[]> => {
    const list = createList({
      verifySession: () =>
        Promise.resolve({ ...sessionWith(claims), token: { digest: 'digest', expiresAtMs: 0 } }),
      limitUser: () => Promise.resolve([]),
      limits: { client: { max: 1, per: 1000 }, user: [], tenant: [] },
      embeds: new Map([['sales', fields.embed]]),
      report: () => undefined,
    });
    const listed = await list({ requestId: '1', credentials: { authorization: [], cookie: '' } });
    return listed.embeds.map(({ name }) => name);
  };
  expect(await listFor({ regions: ['EU'] })).toEqual(['sales']);
  expect(await listFor({ regions: [] })).toEqual([]);
  expect(await listFor({ regions: ['EU'.repeat(4000)] })).toEqual([]);
});
