import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/config/expressions.ts';
import { combinationKey } from '../../src/gateway/combination.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const attributesOf = fc.dictionary(fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,8}$/), text, {
  minKeys: 1,
  maxKeys: 6,
});

function keyOf(
  embed: string,
  attributes: Readonly<Record<string, string>>,
  combination = Object.keys(attributes),
): string {
  return combinationKey({ name: embed, combination }, new Map(Object.entries(attributes)));
}

describe('the combination key tells distinct sets of attributes apart, and nothing else', () => {
  it('is the SHA-256 of the canonical text (RFC 8785), base64url', () => {
    const canonical = String.raw`{"attributes":{"orgId":"acme","regions":"[\"EU\",\"US\"]","ünit":"a\nb€"},"embed":"sales"}`;
    const expected = createHash('sha256').update(canonical, 'utf8').digest('base64url');
    expect(keyOf('sales', { ünit: 'a\nb€', regions: '["EU","US"]', orgId: 'acme' })).toBe(expected);
    expect(expected).toMatch(/^[\w-]{43}$/);
  });

  it('does not depend on the order of attributes, nor of the list', () => {
    fc.assert(
      fc.property(attributesOf, (attributes) => {
        const reversed = Object.fromEntries(Object.entries(attributes).toReversed());
        expect(keyOf('sales', reversed)).toBe(keyOf('sales', attributes));
        expect(keyOf('sales', attributes, Object.keys(attributes).toReversed())).toBe(
          keyOf('sales', attributes),
        );
      }),
    );
  });

  it('differs when the value of any listed attribute differs, or the embed', () => {
    fc.assert(
      fc.property(attributesOf, fc.nat(), text, text, (attributes, pick, value, embed) => {
        const names = Object.keys(attributes);
        const name = names[pick % names.length] ?? '';
        fc.pre(attributes[name] !== value && embed !== 'sales');
        const key = keyOf('sales', attributes);
        expect(keyOf('sales', { ...attributes, [name]: value })).not.toBe(key);
        expect(keyOf(embed, attributes)).not.toBe(key);
      }),
    );
  });

  it('is the same when an attribute differs that is not listed', () => {
    const listed = ['orgId'];
    expect(keyOf('sales', { orgId: 'acme', email: 'ann@acme.test' }, listed)).toBe(
      keyOf('sales', { orgId: 'acme', email: 'bob@acme.test' }, listed),
    );
  });

  it('tells values of every type apart, and does not mind how a number is written', () => {
    const key = (value: Value): string =>
      combinationKey({ name: 'sales', combination: ['a'] }, new Map([['a', value]]));
    const values = ['7', 7, 7.5, true, 'true', ['7'], [7], ['a', 'b'], ['b', 'a'], ['a,b'], [['a'], 'b']];
    expect(new Set(values.map(key)).size).toBe(values.length);
    expect([key(7.0), key(1e21), key(-0)]).toEqual([key(7), key(1_000_000_000_000_000_000_000), key(0)]);
  });

  it('holds no attribute name apart from no attribute at all', () => {
    expect(keyOf('sales', {})).not.toBe(keyOf('sales', { orgId: 'acme' }));
    expect(keyOf('sales', { a: 'b","c":"d' })).not.toBe(keyOf('sales', { a: 'b', c: 'd' }));
  });
});
