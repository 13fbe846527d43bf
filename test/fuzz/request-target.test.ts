import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exchange } from './exchange.ts';
import { damaged, hostileText } from './hostile.ts';
import { codeOf } from './our-form.ts';
import { fuzzTimeoutMs, runs } from './runs.ts';
import { startTarget } from './target.ts';

const segments = fc.constantFrom(
  'embeds',
  'embed-url',
  'sales',
  'frame',
  'metrics',
  'livez',
  '.',
  '..',
  '',
  '%2e%2e',
  '%2f',
  '%5c',
  '\\',
  '\\..',
  '@',
  ':80',
  '*',
  'a'.repeat(300),
  '__proto__',
  '%00',
  '%',
  ';a=b',
  'sign-out',
);
const origin = fc.constantFrom(
  '',
  '',
  '',
  'http://x',
  'HTTP://user:pass@x:80',
  '//x',
  'file://',
  'x:443',
  'http:',
  '\\\\x',
);
const target = fc.oneof(
  fc
    .tuple(
      origin,
      fc.array(fc.oneof({ weight: 9, arbitrary: segments }, hostileText), { minLength: 1, maxLength: 6 }),
    )
    .map(([from, parts]) => `${from}/${parts.join('/')}`),
  hostileText,
);
const method = fc.constantFrom(
  'GET',
  'GET',
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'TRACE',
  'CONNECT',
  'PROPFIND',
  'QUERY',
  'get',
  'G\0T',
  'X',
);

const whole = fc.constantFrom(
  'GET /embeds/sales/frame?region=EU HTTP/1.1\r\nhost: x\r\ncookie: session=a.b.c\r\n\r\n',
  'POST /embed-url HTTP/1.1\r\nhost: x\r\nauthorization: Bearer a.b.c\r\ncontent-type: application/json\r\ncontent-length: 17\r\n\r\n{"embed":"sales"}',
  'POST /embed-url HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nx: y\r\n\r\n',
  'GET /embeds HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-key: AAAA\r\n\r\n',
  'POST /sign-out HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n{}',
);
const put = fc.oneof(
  fc.constantFrom(
    '\r',
    '\n',
    '\r\n',
    '\r\n\r\n',
    ' ',
    '\t',
    '\0',
    ':',
    ',',
    '\xff',
    'content-length: 5\r\n',
    'transfer-encoding: chunked\r\n',
    'transfer-encoding: gzip\r\n',
    'host: y\r\n',
    'HTTP/2.0',
    'HTTP/0.9',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'x: y\r\n'.repeat(2500),
    'x'.repeat(33_000),
    '\x16\x03\x01\x02\x00\x01\x00',
  ),
  hostileText,
);

/** A path that two readers may take for two things. */
const twofold = /[%\\#]|\/\.\.?(?:\/|$)|^[^/]|^\/\//;
const refused = /^(?:session_missing|not_found|bad_request|uri_too_long|request_header_fields_too_large)$/;

describe('bytes on a connection', () => {
  it(
    'to any target, by any method, get one answer in our form and nothing else',
    { timeout: fuzzTimeoutMs },
    async () => {
      const { gateway, expectUnharmed } = await startTarget();
      await fc.assert(
        fc.asyncProperty(method, target, async (verb, to) => {
          const request = `${verb} ${to} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`;
          const [answer, ...others] = await exchange(gateway.url, request, 3000);
          if (!answer) throw new Error('no answer');
          const [path = ''] = to.split('?');
          expect(codeOf(answer)).toMatch(twofold.test(path) ? /^(?:bad_request|uri_too_long)$/ : refused);
          for (const other of others) codeOf(other);
        }),
        runs(400),
      );
      await expectUnharmed();
    },
  );

  it('of any kind get answers in our form alone', { timeout: fuzzTimeoutMs }, async () => {
    const { gateway, expectUnharmed } = await startTarget();
    const codes = new Set<string>();
    const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
    const said = fc.oneof(
      {
        weight: 5,
        arbitrary: damaged(
          fc.tuple(whole, whole).map((two) => two.join('')),
          put,
        ),
      },
      noise,
    );
    await fc.assert(
      fc.asyncProperty(said, async (bytes) => {
        for (const answer of await exchange(gateway.url, bytes, 100)) codes.add(codeOf(answer));
      }),
      runs(150),
    );
    expect([...codes]).toEqual(expect.arrayContaining(['session_missing', 'session_invalid', 'bad_request']));
    await expectUnharmed();
  });
});
