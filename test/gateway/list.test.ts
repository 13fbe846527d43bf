import { afterAll, describe, expect, it } from 'vitest';
import { findEmbed } from '../../src/gateway/find-embed.ts';
import { createList } from '../../src/gateway/list.ts';
import { configureEmbed, sessionWith } from './sent-body.ts';

const fields = configureEmbed({ locked: { regions: 'claims.regions' } }, 'metabase');
afterAll(() => fields.close());

const unlimited = {
  limitUser: () => Promise.resolve([]),
  limits: { client: { max: 1, per: 1000 }, user: [], tenant: [] },
};

it('an embed that could not be opened, whatever stands in the way, is not listed', async () => {
  const listFor = async (claims: Readonly<Record<string, unknown>>): Promise<readonly string[]> => {
    const list = createList({
      verifySession: () =>
        Promise.resolve({ ...sessionWith(claims), token: { digest: 'digest', expiresAtMs: 0 } }),
      ...unlimited,
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

describe('many embeds that cost much do not hold up others', () => {
  const costly = configureEmbed(
    {
      dashboard: 7,
      allow: 'claims.roles.exists(r, r + "a" == "b")',
      locked: { org: 'tenant' },
    },
    'metabase',
  );
  afterAll(() => costly.close());
  const embeds = new Map(Array.from({ length: 200 }, (_, index) => [`embed${index}`, costly.embed]));
  const session = sessionWith({ roles: Array.from({ length: 2000 }, () => 1) });

  /** How often the event loop turned while something ran. */
  async function turnsDuring(run: () => Promise<unknown>): Promise<number> {
    let turns = 0;
    let isDone = false;
    const turn = (): void => {
      turns += 1;
      if (!isDone) setImmediate(turn);
    };
    setImmediate(turn);
    await run();
    isDone = true;
    return turns;
  }

  it('where a session asks what it may open', async () => {
    const list = createList({
      verifySession: () => Promise.resolve({ ...session, token: { digest: 'digest', expiresAtMs: 0 } }),
      ...unlimited,
      embeds,
      report: () => undefined,
    });
    const credentials = { authorization: [], cookie: '' };
    expect(await turnsDuring(() => list({ requestId: '1', credentials }))).toBeGreaterThan(10);
  });

  it('where a product’s script asks for what several of them show', async () => {
    const entity = { type: 'dashboard', id: 7 };
    expect(await turnsDuring(() => findEmbed(embeds, entity, session))).toBeGreaterThan(10);
  });
});
