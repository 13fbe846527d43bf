import { describe, expect, it } from 'vitest';
import { compileExpression, ExpressionError, type Claims, type Value } from '../../src/config/expressions.ts';
import { parseStrictJson } from '../../src/gateway/strict-json.ts';

const variables = ['claims', 'issuer', 'tenant', 'user'] as const;

function evaluate(text: string, claims: unknown = {}): Value | undefined {
  const bound = parseStrictJson(JSON.stringify(claims)).value as Claims;
  return compileExpression(text, variables).evaluate({
    claims: bound,
    issuer: 'https://login.example.com/',
    tenant: 'acme',
    user: 'ann',
  });
}

function faultOf(text: string, known: readonly (typeof variables)[number][] = variables): ExpressionError {
  try {
    compileExpression(text, known);
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe('an expression names only what is known, or is refused before anyone waits for it', () => {
  it.each([
    ['claim.a', 'variable "claim"', 0],
    ['tenant + region', 'variable "region"', 9],
    ['has(claim.a)', 'variable "claim"', 4],
    ['{"a": b}', 'variable "b"', 6],
    ['[tenant, c]', 'variable "c"', 9],
    ['claims.a[d]', 'variable "d"', 9],
    ['shout(tenant)', 'function "shout"', 0],
    ['tenant.shout()', 'function "shout"', 6],
    ['constructor', 'variable "constructor"', 0],
    ['__proto__', 'variable "__proto__"', 0],
  ])('%s: unknown %s', (text, unknown, offset) => {
    const fault = faultOf(text);
    expect(fault.message).toContain(`unknown ${unknown}`);
    expect(fault.offset).toBe(offset);
  });

  it('says which variables there are', () => {
    expect(faultOf('tenant', ['claims', 'issuer']).message).toBe(
      'unknown variable "tenant"; known here: claims, issuer',
    );
  });

  it.each([
    'claims.l.all(x, x == "a")',
    'claims.l.exists(x, x == "a")',
    'claims.l.exists_one(x, x == "a")',
    'claims.l.map(x, x + "b")',
    'claims.l.map(x, x != "", x + "b")',
    'claims.l.filter(x, claims.l.exists(y, y == x))',
  ])('the variable of a macro is known inside of it: %s', (text) => {
    expect(() => compileExpression(text, variables)).not.toThrow();
  });

  it.each([
    ['claims.l.exists(x, true) && x == 1', 28],
    ['claims.l.filter(x, y)', 19],
    ['x in claims.l.map(x, x)', 0],
    ['x.map(x, x)', 0],
  ])('and unknown outside: %s', (text, offset) => {
    expect(faultOf(text).offset).toBe(offset);
  });
});

it('has() and in take a claim that is null for absent, the names of the claims do not', () => {
  const claims = { state: null };
  expect(evaluate('has(claims.state)', claims)).toBe(false);
  expect(evaluate('"state" in claims', claims)).toBe(false);
  expect(evaluate('claims.exists(name, name == "state")', claims)).toBe(true);
});

describe('an expression has a bounded size', () => {
  it('of 2000 characters', () => {
    expect(() => compileExpression(`"${'x'.repeat(1998)}"`, variables)).not.toThrow();
    expect(faultOf(`"${'x'.repeat(1999)}"`).message).toContain('at most 2000 characters');
  });

  it('and 32 brackets', () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}1${']'.repeat(depth)}`;
    expect(() => compileExpression(nested(32), variables)).not.toThrow();
    expect(faultOf(nested(33)).message).toContain('32 brackets');
    // an offset counts UTF-16 units: a smiley is two
    expect(faultOf(`"\u{1f600}" + ${nested(33)}`).offset).toBe(7 + 32);
  });

  it.each(['!'.repeat(1990) + 'true', '-'.repeat(1990) + '1', 'a?'.repeat(600), '('.repeat(1999)])(
    'so that no text brings the process down (%#)',
    (text) => {
      expect(() => {
        try {
          evaluate(text);
        } catch (error) {
          if (!(error instanceof ExpressionError)) throw error;
        }
      }).not.toThrow();
    },
  );
});

describe('an evaluation that fails gives nothing, and never throws', () => {
  it.each([
    ['claims.missing'],
    ['claims.missing.deeper'],
    ['claims.text.deeper', { text: 'x' }],
    ['claims.list[5]', { list: [1] }],
    ['claims.text + 1', { text: 'x' }],
    ['1 / 0'],
    ['int(claims.text)', { text: 'x' }],
    ['claims.text > 1', { text: 'x' }],
    ['b"bytes"'],
    ['timestamp("2026-01-01T00:00:00Z")'],
    ['type(tenant)'],
    ['9007199254740993'],
    ['[9007199254740993]'],
    ['{1: "a"}'],
    ['1.0 / 0.0'],
    ['claims.text.matches("(")', { text: 'x' }],
    ['claims.__proto__'],
    ['claims["constructor"]'],
    ['json(claims.missing)'],
    ['json("")'],
    ['json([])'],
    ['json({})'],
    ['json(null)'],
    ['json(["a", ""])'],
    ['json([[]])'],
    ['json("  ")'],
    ['json({"a": [1, true, null]})'],
    ['json({"a": {"b": ""}})'],
    ['json([["a", [" "]]])'],
    ['json([{"a": {}}])'],
    ['json([1, [2, []]])'],
    ['json({"": 1})'],
    ['json({"a": claims.text})', { text: 'a\u0000' }],
    ['json(claims)', { 'a\n': 'x' }],
    ['json([claims.text])', { text: '\ud800' }],
    ['json(claims.text)', { text: 'a\u0085b' }],
  ])('%s', (text, claims: unknown = {}) => {
    expect(evaluate(text, claims)).toBeUndefined();
  });

  it.each([
    ['json({"a": [1, true, {"b": "ü 😀"}]})', '{"a":[1,true,{"b":"ü 😀"}]}'],
    ['json(false)', 'false'],
    ['json(0)', '0'],
    ['json("a")', '"a"'],
    ['json({"__proto__": "x"})', '{"__proto__":"x"}'],
    ['tenant.upperAscii()', 'ACME'],
    ['[tenant, user].join("/")', 'acme/ann'],
    ['tenant', 'acme'],
    ['3u', 3],
    ['null', null],
  ])('while %s gives %j', (text, value) => {
    expect(evaluate(text)).toEqual(value);
  });
});
