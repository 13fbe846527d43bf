import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../src/config/expressions.ts';
import { parseStrictJson } from '../../src/gateway/strict-json.ts';
import type { Claims } from '../../src/config/expressions.ts';

const variables = ['claims', 'issuer', 'tenant', 'user'] as const;
const root = join(import.meta.dirname, '../..');

describe('an expression that a token could make meet the cost limit is seen from its text', () => {
  it.each([
    [
      'claims.a.exists(r, claims.b.exists(p, p == r + ":view"))',
      'a loop over claims in a loop over claims',
      '.exists(p',
    ],
    [
      'claims.a.filter(r, claims.b.split(",").exists(p, p == r))',
      'a loop over claims in a loop over claims',
      '.exists(p',
    ],
    [
      'claims.a.map(x, claims.a.map(y, claims.a.map(z, z)))',
      'a loop over claims in 2 loops over claims',
      '.map(z',
    ],
    ['claims.a.all(x, x in claims.b)', 'a search through a claim in a loop over claims', ' in claims.b'],
    ['claims.s.replace("a", claims.t)', 'a claim is put into a claim', '.replace('],
    ['claims.a.join(claims.s)', 'a claim is put between the entries of a claim', '.join('],
    ['claims.a.map(x, claims.s.replace("a", x))', 'replace() of a claim in a loop over claims', '.replace('],
    ['claims.a.exists(x, x == claims.b.join(","))', 'join() of a claim in a loop over claims', '.join('],
    ['json(claims.a.map(x, claims.s.split(x)))', 'split() of a claim in a loop over claims', '.split(x'],
    [
      'true && !claims.a.exists(x, claims.b.exists(y, x == y))',
      'a loop over claims in a loop over claims',
      '.exists(y',
    ],
  ])('%s', (text, message, place) => {
    const { growth } = compileExpression(text, variables);
    expect(growth?.message).toContain(message);
    expect(text.slice(growth?.offset, (growth?.offset ?? 0) + place.length)).toBe(place);
  });

  it('and the size that it names is about where the limit is met', () => {
    const expression = compileExpression(
      'claims.a.exists(r, claims.b.exists(p, p == r + ":view"))',
      variables,
    );
    const met = Number(/with (\d+) entries/.exec(expression.growth?.message ?? '')?.[1]);
    const whyAt = (length: number): string | undefined => {
      const list = Array.from({ length }, (_, index) => `name${index}`);
      const claims = parseStrictJson(JSON.stringify({ a: list, b: list })).value as Claims;
      let why: string | undefined;
      expression.evaluate({ claims, issuer: 'x' }, (reason) => (why = reason));
      return why;
    };
    expect(whyAt(Math.floor(met / 1.5))).toBeUndefined();
    expect(whyAt(Math.ceil(met * 1.5))).toBe('cost limit exceeded');
  });
});

describe('nothing is said of what grows no faster than the token', () => {
  it.each([
    'claims.org_id',
    'claims["https://example.com/org"]',
    '"admin" in claims.roles',
    '"admin" in claims.roles && "eu" in claims.regions',
    'claims.roles.exists(r, r == "admin" || r.startsWith("owner"))',
    'claims.roles.exists(r, r == claims.main_role)',
    'claims.roles.exists(r, r in ["a", "b"])',
    '["a", "b"].exists(r, r in claims.roles)',
    '["a", "b"].all(r, claims.roles.exists(x, x == r))',
    '[claims.a, claims.b].exists(list, "x" in list)',
    'claims.groups.filter(g, g.startsWith("team-")).map(g, g.replace("team-", "")).join(",")',
    'claims.groups.map(g, g.split(":")[1])',
    'claims.orgs.exists(o, o.roles.exists(r, r == "admin"))',
    'claims.orgs.filter(o, o.id == claims.org_id)[0].roles.exists(r, r == "admin")',
    'claims.email.replace("@", "-").lowerAscii()',
    'claims.scope.split(" ").exists(s, s == "read")',
    'claims.a.exists(x, x == "1") || claims.b.exists(x, x == "2")',
    'json(claims.regions)',
    '"%s:%s".format([claims.org_id, claims.region])',
    'claims.email.endsWith("@" + claims.domain)',
    'size(claims.roles) > 0 ? claims.roles[0] : "none"',
  ])('%s', (text) => {
    expect(compileExpression(text, variables).growth).toBeUndefined();
  });

  it('nor of any expression in our own configurations, cases and documents', () => {
    const texts = [
      ...filesBelow('config'),
      ...filesBelow('docs'),
      ...filesBelow('test/cases/mapping').filter((file) => !file.includes('/cost-')),
      'README.md',
    ].map((file) => readFileSync(join(root, file), 'utf8'));
    // whatever in them is an expression over claims, between any delimiters
    const found = texts.flatMap((text) => text.match(/(?<=['"`:\s])[^'`\n]*\bclaims\.[^'`\n]*/g) ?? []);
    const compiled = found.flatMap((text) => {
      try {
        return [compileExpression(text.trim(), variables)];
      } catch {
        return [];
      }
    });
    expect(compiled.length).toBeGreaterThan(60);
    expect(compiled.filter(({ growth }) => growth).map(({ text }) => text)).toEqual([]);
  });
});

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(?:md|yaml)$/.test(file))
    .map((file) => `${folder}/${file}`);
}
