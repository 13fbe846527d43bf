import { expect, it } from 'vitest';
import { combinationKey } from '../../src/gateway/combination.ts';
import { tenantSubject, userSubject } from '../../src/gateway/limits.ts';
import { externalIdOf } from '../../src/providers/cube-external-id.ts';
import { bearer, sign, verifier } from '../session/support.ts';

/** What a reader, a browser, a file system or a database may take for one name. */
const alike = [
  'acme',
  'Acme',
  'ACME',
  'acme ',
  ' acme',
  'acme\u00a0',
  'ac\u200bme',
  'ac\u200dme',
  'ac\u00adme',
  'acme\ufeff',
  'acme\ufe0f',
  'аcme',
  'ａｃｍｅ',
  'acmé',
  'acme\u0301',
  'K-acme',
  '\u212a-acme',
  'k-acme',
  'strasse',
  'straße',
  'STRASSE',
  'ıacme',
  'iacme',
  'İacme',
  'ﬁ-acme',
  'fi-acme',
];

it('tenants and users whose names look alike share no limit, combination or id at a provider', async () => {
  const seen = { tenants: new Set(), users: new Set(), combinations: new Set(), ids: new Set() };
  const verify = verifier();
  for (const name of alike) {
    const asTenant = await verify(bearer(sign({ org: name })));
    const asUser = await verify(bearer(sign({ sub: name })));
    expect([asTenant.tenant, asUser.user]).toEqual([name, name]);
    seen.tenants.add(tenantSubject(asTenant));
    seen.users.add(userSubject(asUser));
    const attributes = new Map([['orgId', asTenant.tenant]]);
    seen.combinations.add(combinationKey({ name: 'sales', combination: ['orgId'] }, attributes));
    // as Cube lowercases and trims it
    for (const session of [asTenant, asUser]) {
      seen.ids.add(externalIdOf(undefined, session)?.normalize('NFKC').trim().toLowerCase());
    }
  }
  expect(seen.tenants.size).toBe(alike.length);
  expect(seen.users.size).toBe(alike.length);
  expect(seen.combinations.size).toBe(alike.length);
  expect(seen.ids.size).toBe(2 * alike.length);
});
