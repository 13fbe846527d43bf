import fc from 'fast-check';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { expect, it } from 'vitest';
import { claims, encode } from '../session/support.ts';
import { damaged, hostileText, mark } from './hostile.ts';
import { hostileDocument, keySet, kid, modulus, signing } from './hostile-key-set.ts';
import { codeOf } from './our-form.ts';
import { startRawKeyServer } from './raw-key-server.ts';
import { fuzzTimeoutMs, runs } from './runs.ts';
import { startTarget } from './target.ts';

const strange = generateKeyPairSync('rsa', { modulusLength: 2048 });

const line = fc.oneof(
  fc.constantFrom(
    'content-type: text/html',
    'content-encoding: gzip',
    'transfer-encoding: chunked',
    'content-length: 5',
    'content-length: 99999999999',
    `location: /${mark}`,
    `set-cookie: ${mark}`,
    'connection: keep-alive',
    'x: y\r\n'.repeat(5000),
    `x: ${'y'.repeat(100_000)}`,
  ),
  hostileText,
);
const status = fc.constantFrom(
  '200 OK',
  '200',
  '204 No Content',
  '206 Partial',
  '301 Moved',
  '404 Not Found',
  '100 Continue',
  '101 Switching Protocols',
  '500 Error',
  '999 X',
  mark,
);
const answer = fc.oneof(
  { weight: 5, arbitrary: hostileDocument.map((document) => inHttp(document)) },
  fc.tuple(hostileDocument, status, fc.array(line, { maxLength: 2 })).map((parts) => inHttp(...parts)),
  damaged(fc.constant(inHttp(keySet)), line),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);

function inHttp(document: string, statusText = '200 OK', lines: readonly string[] = []): string {
  const text = Buffer.from(document).toString('latin1');
  return [`HTTP/1.1 ${statusText}`, ...lines, '', text].join('\r\n');
}

function tokenOf(issuer: string, key: KeyObject, header: object = { kid }): string {
  const input = [{ alg: 'RS256', ...header }, claims({ iss: issuer })]
    .map((part) => encode(JSON.stringify(part)))
    .join('.');
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}

it(
  'any answer of a key server leaves good tokens believed or refused in our form, and forged ones refused',
  { timeout: fuzzTimeoutMs },
  async () => {
    const answers = fc.array(answer, { minLength: 30, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(answers, async (hostile) => {
        const all = [inHttp(keySet), ...hostile];
        const origin = await startRawKeyServer((path) => all[Number(path.slice(1))] ?? '');
        const issuers = all.map((_, at) => `${origin}/${at}`);
        const { ask, gateway, expectUnharmed } = await startTarget(
          issuers
            .map(
              (issuer) =>
                `\n  - { issuer: "${issuer}", audience: analytics, keys: { jwks: "${issuer}" }, algorithms: [RS256, ES256, EdDSA], tenant: claims.org }`,
            )
            .join(''),
        );
        const show = async (token: string): Promise<string> => {
          const head = 'GET /embeds HTTP/1.1\r\nhost: x\r\nconnection: close\r\n';
          const shown = await ask(`${head}authorization: Bearer ${token}\r\n\r\n`);
          return shown.answer.status === 200 ? 'believed' : codeOf(shown.answer);
        };
        for (const [at, issuer] of issuers.entries()) {
          const good = await show(tokenOf(issuer, signing.privateKey));
          expect(good, all[at]?.slice(0, 2000)).toMatch(
            /^(?:believed|session_invalid|session_unverifiable)$/,
          );
          if (at === 0) expect(good).toBe('believed');
          if (good === 'believed') expect(all[at]).toContain(modulus);
          for (const header of [{ kid }, {}, { kid: mark }]) {
            const forged = await show(tokenOf(issuer, strange.privateKey, header));
            expect(forged).toMatch(/^(?:session_invalid|session_unverifiable)$/);
          }
        }
        const ready = await (await fetch(`${gateway.operationsUrl}/readyz`)).text();
        expect(ready).not.toContain(mark);
        await expectUnharmed();
        await gateway.stop();
      }),
      { ...runs(2), endOnFailure: true },
    );
  },
);
