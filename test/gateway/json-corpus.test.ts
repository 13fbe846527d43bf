import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Value } from '../../src/config/expressions.ts';
import { isCleanText } from '../../src/config/text.ts';
import { parseStrictJson } from '../../src/gateway/strict-json.ts';
import { codeOf } from '../fuzz/our-form.ts';
import { genuine, startTarget, type Exchanged, type Target } from '../fuzz/target.ts';
import { bearer, claims, outcome, signBytes, verifier } from '../session/support.ts';

const texts = z.record(z.string(), z.string());
const corpus = z
  .strictObject({ taken: texts, refused: z.record(z.string(), texts), bytes: texts })
  .parse(parse(readFileSync(join(import.meta.dirname, '../cases/json-texts.yaml'), 'utf8')));

const taken = Object.entries(corpus.taken);
const refused = Object.entries(corpus.refused).flatMap(([fault, of]) =>
  Object.entries(of).map(([name, text]) => [name, text, fault] as const),
);
const bytes = Object.entries(corpus.bytes).map(([name, hex]) => [name, Buffer.from(hex, 'hex')] as const);

test('the texts are many, and of each kind', () => {
  expect([taken.length > 75, refused.length > 150, bytes.length > 15]).toEqual([true, true, true]);
});

test.each(taken)('%s means what it says', (_, text) => {
  expect(asJson(parseStrictJson(text).value)).toEqual(JSON.parse(text));
});

test.each(refused)('%s is refused: %j', (_, text, fault) => {
  expect(parseStrictJson(text)).toEqual({ fault });
});

test('a token is believed with each text that is taken as a claim, and with no other', async () => {
  const verify = verifier();
  const head = JSON.stringify(claims()).slice(0, -1);
  const withClaim = (value: string | Buffer): Buffer =>
    Buffer.concat([Buffer.from(`${head},"x":`), Buffer.from(value), Buffer.from('}')]);
  for (const [name, text] of taken) {
    const session = await verify(bearer(signBytes(withClaim(text))));
    expect(asJson(session.claims.get('x')), name).toEqual(JSON.parse(text));
  }
  for (const [name, text] of [...refused, ...bytes]) {
    expect(await outcome(verify(bearer(signBytes(withClaim(text))))), name).toBe('session_invalid');
  }
  for (const [name, text] of [...taken, ...refused, ...bytes]) {
    expect(await outcome(verify(bearer(signBytes(text)))), name).toBe('session_invalid');
    const header = typeof text === 'string' ? text : new Uint8Array(text);
    const token = signBytes(JSON.stringify(claims()), { header });
    expect(await outcome(verify(bearer(token))), name).toBe('session_invalid');
  }
});

test('a body is taken with each text that is taken as an input, and with no other', async () => {
  const target = await startTarget();
  const ask = poster(target);
  for (const [name, text] of taken) {
    const value: unknown = JSON.parse(text);
    const { answer, sent } = await ask(`{"embed":"sales","inputs":{"note":${text}}}`);
    if (typeof value === 'string' && isCleanText(value)) {
      expect(answer.status, name).toBe(200);
      expect(sent, name).toMatchObject([{ inputParameters: { note: value } }]);
    } else {
      expect([codeOf(answer), sent], name).toEqual(['input_invalid', []]);
    }
  }
  for (const [name, text] of [...refused, ...bytes]) {
    const parts = [Buffer.from('{"embed":"sales","inputs":{"note":'), Buffer.from(text), Buffer.from('}}')];
    const { answer, sent } = await ask(Buffer.concat(parts));
    expect([codeOf(answer), sent], name).toEqual(['input_invalid', []]);
  }
  // as a whole body none of them names an embed
  for (const [name, text] of [...taken, ...refused, ...bytes]) {
    const { answer, sent } = await ask(text);
    expect([codeOf(answer), sent], name).toEqual(['input_invalid', []]);
  }
  await target.expectUnharmed();
}, 60_000);

function poster({ ask }: Target): (body: string | Buffer) => Promise<Exchanged> {
  const token = genuine();
  return (body) => {
    const head = `POST /embed-url HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${token}\r\n`;
    const text = Buffer.from(body).toString('latin1');
    const length = `content-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n`;
    return ask(`${head}${length}${text}`);
  };
}

/** As JSON.parse would have given it. */
function asJson(value: Value | undefined): unknown {
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, Value>)];
    return Object.fromEntries(entries.map(([name, item]) => [name, asJson(item)]));
  }
  return Array.isArray(value) ? value.map(asJson) : value;
}
