import { celEnv, celMap, isCelError, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { costMax, lastCost, metered } from '../../src/config/cost.ts';
import { compileExpression, type Claims, type Value } from '../../src/config/expressions.ts';
import { toValue } from '../../src/config/expression-values.ts';
import { parseStrictJson } from '../../src/gateway/strict-json.ts';
import { readCases } from '../support/cases.ts';
import { claimBytesMax, costly } from './costly-expressions.ts';

const cpuMsMax = 20;

interface Outcome {
  readonly value: Value | undefined;
  readonly why: string | undefined;
  /** The least of five evaluations: other work on the machine only adds. */
  readonly cpuMs: number;
}

function toClaims(claims: unknown): Claims {
  const text = JSON.stringify(claims);
  expect(Buffer.byteLength(text), 'fits a token of 16 kB').toBeLessThanOrEqual(claimBytesMax);
  return parseStrictJson(text).value as Claims;
}

function evaluate(text: string, claims: unknown = {}): Outcome {
  const expression = compileExpression(text, ['claims', 'issuer', 'tenant', 'user']);
  const variables = { claims: toClaims(claims), issuer: 'x', tenant: 'acme', user: 'ann' };
  const outcomes = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    let why: string | undefined;
    const value = expression.evaluate(variables, (reason) => (why = reason));
    const { user, system } = process.cpuUsage(before);
    return { value, why, cpuMs: (user + system) / 1000 };
  });
  const [first] = outcomes.toSorted((a, b) => a.cpuMs - b.cpuMs);
  if (!first) throw new Error('nothing was evaluated');
  return first;
}

/** The claims with their lists cut. */
function withListsOf(length: number, claims: object): object {
  const cut = (value: unknown): unknown => (Array.isArray(value) ? value.slice(0, length) : value);
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, cut(value)]));
}

describe('no token of 16 kB makes an expression that loads take 20 ms', () => {
  // a loop is charged before its first turn, so it is the shorter ones that get to do their work
  const lengths = [Infinity, 1500, 300, 60, 12];
  it.each(costly)('%s', (text, claims) => {
    for (const length of lengths) {
      expect(evaluate(text, withListsOf(length, claims)).cpuMs).toBeLessThan(cpuMsMax);
    }
  });

  const leaf = fc.constantFrom(
    'claims.list',
    'claims.text',
    'claims.other',
    'claims.map',
    'x',
    'y',
    '1',
    '"a"',
    '[1]',
  );
  const { expression } = fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { depthSize: 'medium', maxDepth: 5, withCrossShrink: true },
      leaf,
      fc
        .tuple(fc.constantFrom('+', '==', '<', 'in', '||'), tie('expression'), tie('expression'))
        .map(([operator, left, right]) => `(${left} ${operator} ${right})`),
      fc
        .tuple(
          fc.constantFrom('exists', 'all', 'map', 'filter'),
          fc.constantFrom('x', 'y'),
          tie('expression'),
          tie('expression'),
        )
        .map(([macro, name, range, body]) => `${range}.${macro}(${name}, ${body})`),
      fc
        .tuple(
          fc.constantFrom('contains', 'split', 'join', 'lastIndexOf', 'matches'),
          tie('expression'),
          tie('expression'),
        )
        .map(([name, target, argument]) => `${target}.${name}(${argument})`),
      fc
        .tuple(tie('expression'), tie('expression'), tie('expression'))
        .map(([target, part, by]) => `${target}.replace(${part}, ${by})`),
      fc
        .tuple(fc.constantFrom('size', 'json', 'string', 'int'), tie('expression'))
        .map(([name, argument]) => `${name}(${argument})`),
      fc.tuple(tie('expression'), tie('expression')).map(([left, right]) => `[${left}, ${right}, ${left}]`),
    ),
  }));
  const claims = fc
    .tuple(fc.nat(3000), fc.nat(3000), fc.constantFrom('a', 'ab', 'é', '%s', '(a'), fc.nat(100))
    .map(([numbers, letters, unit, keys]) => ({
      list: Array.from({ length: numbers }, (_, index) => index % 10),
      text: unit.repeat(Math.ceil(letters / Buffer.byteLength(unit) / 2)),
      other: unit.repeat(Math.ceil((3000 - letters) / Buffer.byteLength(unit) / 2)),
      map: Object.fromEntries(Array.from({ length: keys }, (_, index) => [`k${index}`, index])),
    }));

  it('whatever the expression and whatever the claims', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(expression, claims, (body, bound) => {
        const text = `[1].map(x, [2].map(y, ${body}))`;
        fc.pre(text.length < 1000);
        expect(evaluate(text, bound).cpuMs).toBeLessThan(cpuMsMax);
      }),
      { numRuns: 300 },
    );
  });
});

describe('an evaluation that costs too much gives nothing and says so', () => {
  const nested = 'claims.roles.exists(r, claims.permissions.exists(p, p == r + ":view"))';

  it.each([700, 2700])('two lists of %i numbers', (length) => {
    const numbers = Array.from({ length }, (_, index) => index % 10);
    const { value, why } = evaluate(nested, { roles: numbers, permissions: numbers });
    expect([value, why]).toEqual([undefined, 'cost limit exceeded']);
  });

  it('two lists of 30 names are no such thing', () => {
    const named = (suffix: string): readonly string[] =>
      Array.from({ length: 30 }, (_, index) => `analytics-team-${index}${suffix}`);
    expect(evaluate(nested, { roles: named(''), permissions: named(':view') }).value).toBe(true);
    expect(evaluate(nested, { roles: named(''), permissions: named(':edit') }).value).toBe(false);
  });

  const tooMuch = 'claims.list.map(x, claims.list) == []';
  const list = Array.from({ length: 5000 }, () => 1);
  it.each([
    `${tooMuch} || true`,
    `true || ${tooMuch} || true`,
    `(${tooMuch} ? 1 : 1) == 1 || true`,
    `["a"].exists(x, json(claims.list.map(y, claims.list)) == x || x == "a")`,
    `[1, 2].exists(x, x == 2 || claims.list.map(y, claims.list + claims.list).size() == 9)`,
    `claims.text.replace("a", claims.text).size() == 1 || true`,
    `claims.text.matches(claims.text) || true`,
  ])('however it would hide the failure: %s', (text) => {
    const absorbed = { list, text: 'a'.repeat(2000) };
    const expected = text.startsWith('true') ? [true, undefined] : [undefined, 'cost limit exceeded'];
    const { value, why } = evaluate(text, absorbed);
    expect([value, why]).toEqual(expected);
  });

  it('and the next evaluation starts anew', () => {
    evaluate(tooMuch, { list });
    expect(evaluate('claims.org', { org: 'acme' }).value).toBe('acme');
  });

  it('another failure is not taken for it', () => {
    expect(evaluate('claims.missing').why).toBe('cannot be evaluated');
  });

  it('stacks of errors are as long afterwards as before', () => {
    const before = Error.stackTraceLimit;
    evaluate('claims.missing');
    evaluate(tooMuch, { list });
    expect(Error.stackTraceLimit).toBe(before);
  });
});

describe('what is asked of tokens costs little of the limit', () => {
  const roles = Array.from({ length: 50 }, (_, index) => `analytics-team-${index}`);
  it.each([
    ['claims.org_id', { org_id: 'acme' }],
    ['"admin" in claims.roles', { roles }],
    ['claims.roles.exists(r, r == "admin" || r.startsWith("owner"))', { roles }],
    ['claims.roles.filter(r, r.startsWith("analytics-")).map(r, r.substring(10)).join(",")', { roles }],
    ['json(claims.roles)', { roles }],
    ['claims.scope.split(" ").exists(s, s == "embed:read")', { scope: roles.join(' ') }],
    ['claims.email.replace("@", "-").lowerAscii()', { email: 'Someone@example.com' }],
    ['claims.email.matches("^[^@]+@example[.]com$")', { email: 'someone@example.com' }],
    ['"%s:%s".format([claims.org_id, claims.region])', { org_id: 'acme', region: 'EU' }],
  ])('%s', (text, claims) => {
    expect(evaluate(text, claims).value).toBeDefined();
    expect(lastCost()).toBeLessThan(costMax / 10);
  });
});

it('and so does every expression of the mapping cases, with its claims', () => {
  const caseSchema = z.looseObject({
    claims: z.record(z.string(), z.unknown()).default({}),
    embed: z.unknown(),
  });
  const costs = readCases('mapping')
    .filter(([file]) => !file.startsWith('cost-'))
    .flatMap(([, text]) => {
      const { claims, embed } = caseSchema.parse(parseYaml(text));
      return textsIn(embed).flatMap((one) => costOf(one, claims));
    });
  expect(costs.length).toBeGreaterThan(150);
  expect(Math.max(...costs)).toBeLessThan(costMax / 10);
});

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Nothing for a text that is no expression, such as a title. */
function costOf(text: string, claims: unknown): readonly number[] {
  try {
    compileExpression(text, ['claims', 'issuer', 'tenant', 'user']);
  } catch {
    return [];
  }
  evaluate(text, claims);
  return [lastCost()];
}

describe('charging changes no result', () => {
  const library = celEnv({ funcs: strings });
  const claims = {
    list: [3, 1, 2, 1],
    names: ['b', 'a', 'ab', ''],
    nested: [[1, 'a'], [], [null, { a: [1] }]],
    text: 'a,b,,aab',
    map: { a: 1, b: [2], '1': 'x' },
    nothing: null,
  };
  it.each([
    'claims.list.map(x, x + 1.0)',
    'claims.list.map(x, x > 1.0, [x, x])',
    'claims.list.filter(x, x != 1)',
    'claims.list.map(x, claims.names.map(y, [x, y])) == claims.list.map(x, claims.names.map(y, [x, y]))',
    'claims.list.map(x, [x]) + claims.list.map(x, [x])',
    'claims.list.map(x, x / 0 == 1)',
    'claims.list.exists_one(x, x == 2)',
    'claims.list.exists(x, x == "a" || x == 2)',
    'claims.list.all(x, x > 0.0)',
    'claims.map.map(k, claims.map[k])',
    'claims.map.exists(k, k == "b")',
    'claims.map["a"] == 1',
    'claims.map[1]',
    'claims.list[1]',
    'claims.list[1.0]',
    'claims.nested[2][1].a[0]',
    'has(claims.nested[2][1].a)',
    '{1: 2}[1u]',
    '{1u: 2}[1] == 2',
    '1.0 in {1u: 2}',
    '1 in [1u, 2.0]',
    '2 in claims.list',
    '[] in claims.nested',
    '[null, {"a": [1u]}] in claims.nested',
    'claims.nested == claims.nested',
    'claims.nested != claims.nested',
    '{"a": 1, "b": 2} == {"b": 2.0, "a": 1u}',
    '[1, b"a", "a", null] == [1.0, b"a", "a", null]',
    'type(1) == int',
    'timestamp(5) == timestamp(5)',
    'timestamp(5) != timestamp(6)',
    '[0.0 / 0.0] == [0.0 / 0.0]',
    'claims.nothing == null',
    'claims.text.replace("a", "ba")',
    'claims.text.replace("a", "ba", 2)',
    'claims.text.replace("a", "ba", 0)',
    'claims.text.replace("a", "ba", -1)',
    'claims.text.replace("", "-")',
    'claims.text.replace("", "-", 2)',
    '"".replace("", "-")',
    'claims.text.replace("aa", "a").replace(",", "")',
    'claims.text.replace("a", 1)',
    'claims.text.matches("^a,b")',
    'claims.text.matches("(")',
    'claims.text.matches(claims.text)',
    'claims.text.split(",")',
    'claims.text.split("", 3)',
    'claims.names.join("-")',
    'claims.list.join("-")',
    '"%s %d %.2f".format([claims.map, 1, 1.5])',
    'size(claims.text) + claims.names.size()',
    'timestamp("2026-01-01T10:00:00Z").getHours("Europe/Berlin")',
    'claims.list.map(x, claims.list.map(y, y)).map(z, z.size())',
    'claims.list.map(x, "a") == ["a", "a", "a", "a"]',
    '[[1], [2]].map(x, x + [3])',
    'claims.missing.map(x, x)',
    '"a".map(x, x)',
    '!claims.list.exists(x, x.a.b)',
    'claims.list.size() > 3 ? claims.list.map(x, x) : []',
  ])('%s', (text) => {
    const bound = toClaims(claims);
    const result = plan(library, parse(text))({ claims: celMap(bound) });
    const expected = isCelError(result) ? undefined : metered(() => toValue(result)).result;
    expect(evaluate(text, claims).value).toEqual(expected);
  });
});

it('a message, which would be converted whenever it is read, is refused at load', () => {
  expect(() => compileExpression('google.protobuf.ListValue{values: claims.list}', ['claims'])).toThrow(
    'unknown type "google.protobuf.ListValue"',
  );
});
