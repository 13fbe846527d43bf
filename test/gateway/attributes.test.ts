import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Refusal } from '../../src/gateway/refusal.ts';
import { parseStrictJson } from '../../src/gateway/strict-json.ts';
import { sentBody, configureEmbed, sessionWith } from './sent-body.ts';

const embed = configureEmbed({
  attributes: {
    orgId: 'tenant',
    region: 'claims.region',
    city: 'claims.address.city',
    first: 'claims.list[0]',
    all: 'json(claims.list)',
    role: '"admin" in claims.roles ? "admin" : claims.role',
  },
});
afterAll(() => embed.close());

const names = fc.constantFrom('region', 'address', 'city', 'list', 'roles', 'role', 'x');
const leaf = fc.oneof(fc.constantFrom('', ' ', 'EU', 'admin', null), fc.jsonValue({ maxDepth: 2 }));
const anything = fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }), fc.dictionary(names, leaf));
const likely = fc.record({
  region: fc.oneof(fc.constant('EU'), leaf),
  address: fc.oneof(fc.record({ city: fc.oneof(fc.constant('Bern'), leaf) }), leaf),
  list: fc.oneof(
    fc.array(fc.oneof({ weight: 5, arbitrary: fc.constant('a') }, { weight: 1, arbitrary: leaf }), {
      minLength: 1,
      maxLength: 3,
    }),
    leaf,
  ),
  roles: fc.oneof(fc.constant(['admin']), anything),
});
const claims = fc.oneof(likely, fc.dictionary(names, anything));

describe('whatever a token claims', () => {
  it('Hex gets a full map of non-empty strings, or the request is refused', () => {
    let built = 0;
    fc.assert(
      fc.property(claims, (given) => {
        fc.pre(parseStrictJson(JSON.stringify(given)).fault === undefined);
        const request = { embed: 'sales', inputs: new Map(), isText: true };
        let body: unknown;
        try {
          body = sentBody(embed, sessionWith(given), request);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
          expect(error).toHaveProperty('code', 'attribute_missing');
          return;
        }
        built += 1;
        const { hexUserAttributes } = body as { hexUserAttributes: Record<string, unknown> };
        expect(Object.keys(hexUserAttributes)).toEqual([...embed.config.attributes.keys()]);
        expect(hexUserAttributes.orgId).toBe('acme');
        for (const value of Object.values(hexUserAttributes)) {
          expect(typeof value === 'string' && value.trim() !== '' && value.isWellFormed()).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
    expect(built).toBeGreaterThan(5);
  });
});
