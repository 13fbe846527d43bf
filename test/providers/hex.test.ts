import { describe, expect, test } from 'vitest';
import type { Call } from '../support/fake-provider.ts';
import { openSandbox } from '../sandbox/support.ts';
import { readPresignedUrl } from '../../src/providers/hex-answer.ts';
import { createHexProvider } from '../../src/providers/hex.ts';
import {
  grant,
  openHex,
  openProvider,
  openSend,
  order,
  project,
  readHex,
  refusalOf,
  tokens,
} from './support.ts';
import { describeProvider } from './suite.ts';
import { plainText } from './values.ts';

const url = 'https://app.hex.tech/embed/signed?token=abc';
const good = { status: 200, body: JSON.stringify({ url }) };

describe('the request', () => {
  test('is the documented one: path, headers and body to the letter', async () => {
    const fake = await openProvider();
    fake.answer(good);
    const hex = openHex(`${fake.origin}/api/v1`, {
      embed: {
        attributes: { orgId: 'tenant', regions: 'json(claims.regions)' },
        scopes: { EXPORT_CSV: '"export" in claims.permissions', EXPORT_PDF: '"pdf" in claims.permissions' },
        display: { theme: 'dark', noEmbedFooter: true },
        inputs: { region: { type: 'string' }, topN: { type: 'integer' }, all: { type: 'boolean' } },
        expiresIn: '20s',
      },
      provider: { urlHosts: ['app.hex.tech'] },
    });
    const attributes = new Map([
      ['orgId', 'acme "Ü" ✓'],
      ['regions', '["EU","US"]'],
    ]);
    const inputs = new Map<string, string | number | boolean>([
      ['region', 'EU'],
      ['topN', 7],
      ['all', false],
    ]);
    const before = Date.now();
    const minted = await hex.mint({ attributes, inputs });

    const [call] = fake.calls;
    expect(fake.calls).toHaveLength(1);
    expect(call).toMatchObject({ method: 'POST', path: `/api/v1/embedding/createPresignedUrl/${project}` });
    expect(call?.headers).toEqual({
      host: new URL(fake.origin).host,
      connection: 'keep-alive',
      authorization: `Bearer ${tokens[0]}`,
      'content-type': 'application/json',
      accept: 'application/json',
      'content-length': String(Buffer.byteLength(call?.body ?? '')),
    });
    expect(JSON.parse(call?.body ?? '')).toEqual({
      hexUserAttributes: { orgId: 'acme "Ü" ✓', regions: '["EU","US"]' },
      scope: ['EXPORT_CSV'],
      inputParameters: { region: 'EU', topN: 7, all: false },
      expiresIn: 20_000,
      displayOptions: { theme: 'dark', noEmbedFooter: true },
    });
    expect(minted).toMatchObject({ url, singleUse: true });
    expect(minted.expiresAtMs).toBeGreaterThanOrEqual(before + 20_000);
    expect(minted.expiresAtMs).toBeLessThanOrEqual(Date.now() + 20_000);
  });

  test('a base URL that ends in a slash leads to the same path', async () => {
    const fake = await openProvider();
    fake.answer(good);
    await openHex(`${fake.origin}/api/v1/`).mint();
    expect(fake.calls[0]?.path).toBe(`/api/v1/embedding/createPresignedUrl/${project}`);
  });

  test('a scope whose expression fails or gives anything but true is not asked for', async () => {
    const fake = await openProvider();
    fake.answer(good);
    const scopes = { EXPORT_CSV: 'claims.missing', EXPORT_PDF: '"true"' };
    await openHex(fake.origin, { embed: { scopes } }).mint();
    expect(JSON.parse(fake.calls[0]?.body ?? '')).toMatchObject({ scope: [] });
  });

  test('an attribute and an input may have any name without becoming part of an object', async () => {
    const fake = await openProvider();
    fake.answer(good);
    await openHex(fake.origin).mint({ attributes: new Map([['constructor', 'acme']]) });
    expect(fake.calls[0]?.body).toContain('"hexUserAttributes":{"constructor":"acme"}');
  });

  test('nothing but a text with something in it is taken as an attribute', () => {
    const { provider, embed } = readHex({});
    const { takes } = createHexProvider(provider, () => openSend('http://127.0.0.1:1').raw).bind(embed);
    const takesNot = ['', ' ', '\t\n', '\u00a0', null, true, 0, 7, [], ['a'], new Map(), '\ud800', 'a\udc00'];
    expect(['acme', '["EU"]', '0', 'ü ✓ 😀'].map(takes)).toEqual([true, true, true, true]);
    expect(takesNot.filter(takes)).toEqual([]);
  });
});

test('the strict stand-in of Hex takes the request, and its URL opens once', async () => {
  const sandbox = await openSandbox();
  const hex = openHex(sandbox.hexBaseUrl, { provider: { token: sandbox.hexToken } });
  const attributes = new Map([
    ['orgId', 'acme'],
    ['userRole', 'viewer'],
    ['regions', '["EU"]'],
  ]);
  const minted = await hex.mint({ attributes, inputs: new Map([['region', 'EU']]) });
  expect(sandbox.hexCalls).toMatchObject([
    {
      status: 200,
      projectId: project,
      body: { hexUserAttributes: Object.fromEntries(attributes), inputParameters: { region: 'EU' } },
    },
  ]);
  expect((await fetch(minted.url)).status).toBe(200);
  expect((await fetch(minted.url)).status).toBe(410);

  const wrong = openHex(sandbox.hexBaseUrl);
  expect((await refusalOf(wrong.mint())).code).toBe('provider_misconfigured');
});

describe('statuses', () => {
  test.each([
    [400, 'provider_misconfigured'],
    [401, 'provider_misconfigured'],
    [403, 'provider_misconfigured'],
    [404, 'provider_misconfigured'],
    [422, 'provider_misconfigured'],
    [424, 'provider_misconfigured'],
    [429, 'provider_busy'],
    [201, 'provider_unavailable'],
    [204, 'provider_unavailable'],
    [302, 'provider_unavailable'],
    [402, 'provider_unavailable'],
    [405, 'provider_unavailable'],
    [418, 'provider_unavailable'],
    [500, 'provider_unavailable'],
    [502, 'provider_unavailable'],
    [503, 'provider_unavailable'],
    [504, 'provider_unavailable'],
    [599, 'provider_unavailable'],
  ])('%i is %s', async (status, code) => {
    const fake = await openProvider();
    fake.answer({ status, ...(status === 204 ? {} : { body: good.body }) });
    const refusal = await refusalOf(openHex(fake.origin).mint());
    expect(refusal.code).toBe(code);
    expect(refusal.parts.reason).toContain(`status ${status}`);
    expect(refusal.parts.unsent ?? false).toBe(false);
  });

  test.each<[string | undefined, number, number]>([
    [undefined, 60_000, 60_000],
    ['7', 7000, 7000],
    ['0.5', 500, 500],
    ['86400', 3_600_000, 3_600_000],
    ['soon', 60_000, 60_000],
    ['-5', 60_000, 60_000],
    ['', 60_000, 60_000],
    [new Date(Date.now() + 600_000).toUTCString(), 590_000, 600_000],
    [new Date(Date.now() - 60_000).toUTCString(), 60_000, 60_000],
  ])('429 with Retry-After %j asks for a wait of %i to %i ms', async (header, min, max) => {
    const fake = await openProvider();
    fake.answer({ status: 429, ...(header === undefined ? {} : { headers: { 'retry-after': header } }) });
    const { retryAfterMs } = (await refusalOf(openHex(fake.origin).mint())).parts;
    expect(retryAfterMs).toBeGreaterThanOrEqual(min);
    expect(retryAfterMs).toBeLessThanOrEqual(max);
  });

  test.each(['', 'OK', '{', '[]', 'null', '7', '{}', '{"url":null}', '{"Url":"https://app.hex.tech/x"}'])(
    '200 with %j is no URL, and is not asked again',
    async (body) => {
      const fake = await openProvider();
      fake.answer({ status: 200, body });
      const leave = grant();
      const refusal = await refusalOf(openHex(fake.origin).mint({}, leave));
      expect(refusal.code).toBe('provider_unavailable');
      expect([fake.calls.length, leave.asked]).toEqual([1, 0]);
    },
  );
});

describe('two tokens during a rotation', () => {
  const rotating = { provider: { token: [...tokens] } };
  const sentTokens = (calls: readonly Call[]): unknown[] =>
    calls.map(({ headers }) => tokens.findIndex((token) => headers.authorization === `Bearer ${token}`));

  test('the second is tried when the first is answered 401, and kept for the next call', async () => {
    const fake = await openProvider();
    fake.answer({ status: 401, body: 'Unauthorized' }, good);
    const hex = openHex(fake.origin, rotating);
    const leave = grant();
    expect(await hex.mint({}, leave)).toMatchObject({ url });
    expect(await hex.mint({}, leave)).toMatchObject({ url });
    expect(sentTokens(fake.calls)).toEqual([0, 1, 1]);
    expect(leave.asked).toBe(0);
    fake.answer({ status: 401 }, good);
    expect(await hex.mint()).toMatchObject({ url });
    expect(sentTokens(fake.calls)).toEqual([0, 1, 1, 1, 0]);
  });

  test('both answered 401 is the operator’s matter, after one call each', async () => {
    const fake = await openProvider();
    fake.answer({ status: 401, body: 'Unauthorized' });
    const refusal = await refusalOf(openHex(fake.origin, rotating).mint());
    expect(refusal).toMatchObject({
      code: 'provider_misconfigured',
      parts: { reason: 'status 401: Unauthorized' },
    });
    expect(sentTokens(fake.calls)).toEqual([0, 1]);
  });

  test('both share one second attempt', async () => {
    const fake = await openProvider();
    fake.answer({ status: 503 }, { status: 401 }, { status: 503 }, good);
    await refusalOf(openHex(fake.origin, rotating).mint());
    expect(sentTokens(fake.calls)).toEqual([0, 0, 1]);
  });

  test('one deadline holds for both', async () => {
    const fake = await openProvider();
    fake.answer({ status: 401, delayMs: 1500 }, 'hang');
    const hex = openHex(fake.origin, { provider: { ...rotating.provider, timeout: '2s' } });
    const startedAt = performance.now();
    expect((await refusalOf(hex.mint())).code).toBe('provider_timeout');
    expect(performance.now() - startedAt).toBeLessThan(3300);
  });

  test.each([400, 403, 404, 422, 424, 429, 500])('%i is no reason to try the second', async (status) => {
    const fake = await openProvider();
    fake.answer({ status }, good);
    await refusalOf(openHex(fake.origin, rotating).mint());
    expect(sentTokens(fake.calls)).toEqual([0]);
  });
});

describe('the URL that Hex gives', () => {
  const https = 'https://hex.acme.com/api/v1';
  /** What Hex answers with, read as an answer of the base URL given: no call is made. */
  const table: readonly [string, unknown, HexUrl, boolean][] = [
    ['its own host', 'https://hex.acme.com/embed/x?y#z', {}, true],
    ['its own host on another port', 'https://hex.acme.com:8443/x', {}, true],
    ['Hex’s host', 'https://app.hex.tech/x', {}, true],
    ['a host far below hex.tech', 'https://a.b.hex.tech/x', {}, true],
    ['a host in capitals', 'https://APP.HEX.TECH/x', {}, true],
    ['hex.tech itself', 'https://hex.tech/x', {}, false],
    ['another host', 'https://evil.com/x', {}, false],
    ['Hex’s host as a subdomain', 'https://app.hex.tech.evil.com/x', {}, false],
    ['a host that ends alike', 'https://evilhex.tech/x', {}, false],
    ['a host that ends alike, with a dash', 'https://evil-hex.tech/x', {}, false],
    ['Hex’s host as a path', 'https://evil.com/app.hex.tech', {}, false],
    ['Hex’s host as a query', 'https://evil.com?.hex.tech', {}, false],
    ['Hex’s host as a fragment', 'https://evil.com#.hex.tech', {}, false],
    ['Hex’s host after a backslash', 'https://evil.com\\.hex.tech/', {}, false],
    ['Hex’s host as the user', 'https://app.hex.tech@evil.com/x', {}, false],
    ['a user', 'https://user@app.hex.tech/x', {}, false],
    ['a user and a password', 'https://user:pass@app.hex.tech/x', {}, false],
    ['a host with a final dot', 'https://app.hex.tech./x', {}, false],
    ['a host in full-width letters that reads as another', 'https://ａpp.hex.tech.evil.com', {}, false],
    ['plain http', 'http://app.hex.tech/x', {}, false],
    ['plain http to its own host', 'http://hex.acme.com/x', {}, false],
    ['plain http to loopback beside an https API', 'http://localhost/x', { urlHosts: ['localhost'] }, false],
    ['javascript:', 'javascript:alert(1)//.hex.tech', {}, false],
    ['javascript: with a host', 'javascript://app.hex.tech/%0aalert(1)', {}, false],
    ['javascript: in disguise', ' java\nscript:alert(1)', {}, false],
    ['data:', 'data:text/html,<script>alert(1)</script>', {}, false],
    ['ftp:', 'ftp://app.hex.tech/x', {}, false],
    ['blob:', 'blob:https://app.hex.tech/x', {}, false],
    ['file:', 'file://app.hex.tech/x', {}, false],
    ['a relative URL', '/embed/x', {}, false],
    ['a URL without a scheme', '//app.hex.tech/x', {}, false],
    ['no URL', 'app.hex.tech', {}, false],
    ['an empty text', '', {}, false],
    ['8192 characters', long(8192), {}, true],
    ['8193 characters', long(8193), {}, false],
    ['8193 characters in its fragment', long(8193).replace('/xx', '/#x'), {}, false],
    ['8193 characters in its query', long(8193).replace('/xx', '/?x'), {}, false],
    ['60,000 characters', long(60_000), {}, false],
    ['characters that grow past 8192', `https://app.hex.tech/?${'"'.repeat(4000)}`, {}, false],
    ['an empty user', 'https://@app.hex.tech/x', {}, false],
    ['an empty user and password', 'https://:@app.hex.tech/x', {}, false],
    ['a password alone', 'https://:pass@app.hex.tech/x', {}, false],
    ['an encoded @', 'https://app.hex.tech%40evil.com/x', {}, false],
    ['a line break in its host', 'https://app.hex\n.tech/x', {}, false],
    ['a tab in its path', 'https://app.hex.tech/a\tb', {}, false],
    ['a line break after it', 'https://app.hex.tech/x\r\n', {}, false],
    ['a space before it', ' https://app.hex.tech/x', {}, false],
    ['a space in its path', 'https://app.hex.tech/a b', {}, false],
    ['a NUL', 'https://app.hex.tech/a\0', {}, false],
    ['a DEL', 'https://app.hex.tech/a\x7f', {}, false],
    ['a C1 control', 'https://app.hex.tech/a\x85', {}, false],
    ['a line separator', 'https://app.hex.tech/a\u2028', {}, false],
    ['a bidirectional control', 'https://app.hex.tech/a\u202e', {}, false],
    ['a soft hyphen in its host', 'https://app.he\u00adx.tech/x', {}, false],
    ['a full-width host', 'https://ａｐｐ.hex.tech/x', {}, false],
    ['an ideographic full stop', 'https://app。hex.tech/x', {}, false],
    ['a host with a Cyrillic letter', 'https://аpp.hex.tech/x', { urlHosts: ['app.hex.tech'] }, false],
    ['the same in Punycode', 'https://xn--pp-7ed.hex.tech/x', { urlHosts: ['app.hex.tech'] }, false],
    ['backslashes for slashes', 'https:\\\\app.hex.tech\\x', {}, false],
    ['one slash', 'https:/evil.com/.hex.tech', {}, false],
    ['more slashes', 'https:////evil.com/.hex.tech', {}, false],
    ['two final dots', 'https://app.hex.tech../x', {}, false],
    ['a final dot and a port', 'https://app.hex.tech.:443/x', {}, false],
    ['the usual port', 'https://app.hex.tech:443/x', {}, true],
    ['an empty port', 'https://app.hex.tech:/x', {}, true],
    ['a port that is none', 'https://app.hex.tech:99999/x', {}, false],
    ['an address for a host', 'https://127.0.0.1/x', {}, false],
    ['an IPv6 address', 'https://[::1]/x', {}, false],
    ['ws:', 'wss://app.hex.tech/x', {}, false],
    ['about:', 'about:blank', {}, false],
    ['view-source:', 'view-source:https://app.hex.tech/x', {}, false],
    ['a number', 7, {}, false],
    ['a list', ['https://app.hex.tech/x'], {}, false],
    ['an object', { href: 'https://app.hex.tech/x' }, {}, false],
    ['null', null, {}, false],
    ['the host named', 'https://view.acme.com/x', { urlHosts: ['view.acme.com'] }, true],
    ['its own host when another is named', 'https://hex.acme.com/x', { urlHosts: ['view.acme.com'] }, false],
    ['a host below the host named', 'https://a.view.acme.com/x', { urlHosts: ['view.acme.com'] }, false],
    ['the port named', 'https://view.acme.com:8443/x', { urlHosts: ['view.acme.com:8443'] }, true],
    ['another port than named', 'https://view.acme.com:9443/x', { urlHosts: ['view.acme.com:8443'] }, false],
    ['no port where one is named', 'https://view.acme.com/x', { urlHosts: ['view.acme.com:8443'] }, false],
    [
      'the usual port where it is named',
      'https://view.acme.com/x',
      { urlHosts: ['view.acme.com:443'] },
      true,
    ],
    ['a wildcard', 'https://a.acme.com:8443/x', { urlHosts: ['*.acme.com'] }, true],
    ['a wildcard’s own domain', 'https://acme.com/x', { urlHosts: ['*.acme.com'] }, false],
    ['a wildcard with its port', 'https://a.acme.com:8443/x', { urlHosts: ['*.acme.com:8443'] }, true],
    ['a wildcard with another port', 'https://a.acme.com:1/x', { urlHosts: ['*.acme.com:8443'] }, false],
    [
      'a wildcard with a port in a path',
      'https://evil.com/.acme.com:8443',
      { urlHosts: ['*.acme.com:8443'] },
      false,
    ],
    [
      'loopback beside a loopback API',
      'http://localhost:4010/x',
      { baseUrl: 'http://localhost:1/api' },
      true,
    ],
    ['another loopback name', 'http://127.0.0.1:4010/x', { baseUrl: 'http://localhost:1/api' }, false],
    [
      'http to Hex beside a loopback API',
      'http://app.hex.tech/x',
      { baseUrl: 'http://localhost:1/api' },
      false,
    ],
  ];

  function long(characters: number): string {
    return 'https://app.hex.tech/'.padEnd(characters, 'x');
  }

  interface HexUrl {
    readonly baseUrl?: string;
    readonly urlHosts?: readonly string[];
  }

  test.each(table)('%s', async (_case, given, provider, isTaken) => {
    const { provider: config } = readHex({ provider: { baseUrl: https, ...provider } });
    const read = (): string =>
      readPresignedUrl({ status: 200, headers: {}, text: JSON.stringify({ url: given }) }, config, () => []);
    if (isTaken) {
      expect(read()).toBe(new URL(String(given)).href);
      return;
    }
    const refusal = await refusalOf(Promise.resolve().then(read));
    expect(refusal.code).toBe('provider_unavailable');
    expect(refusal.parts.reason).toBe('status 200 without a usable URL');
  });
});

describe('what Hex says of a failure', () => {
  const trace = '4bf92f35-77b3-4da6-a3ce-929d0e0e4736';
  const attributes = new Map([
    ['orgId', 'Müller "und" Söhne\\Ost'],
    ['regions', '["EU-north","US-\\"west\\"",{"nested":"Deep-value"}]'],
    ['account', '48151623'],
  ]);
  const inputs = new Map<string, string | number>([
    ['city', 'São Paulo'],
    ['topN', 7_654_321],
  ]);
  const secret = tokens[0];
  const signed = 'https://app.hex.tech/embed/signed?token=abcdef';
  const jwt = `${'e'.repeat(20)}.${'f'.repeat(30)}.${'g'.repeat(40)}`;
  const repeated = [...attributes.values(), ...inputs.values(), secret, signed, jwt].map(String);
  const pieces = ['EU-north', 'US-"west"', 'Deep-value'];
  const plain = `Cannot use ${[...repeated, ...pieces].join(' | ')} here`;
  const body = {
    hexUserAttributes: Object.fromEntries(attributes),
    inputParameters: Object.fromEntries(inputs),
  };

  const ascii = (text: string): string =>
    text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

  /** Every way the same words may come: what is sent and what must be left of it. */
  const forms: readonly [string, string][] = [
    ['as plain text', `${plain} trace ${trace}`],
    ['in `details`', JSON.stringify({ reason: 'Cannot use this', details: plain, traceId: trace })],
    ['in `reason`', JSON.stringify({ reason: plain, traceId: trace })],
    [
      'in JSON of another shape',
      JSON.stringify({ error: 'Cannot use this', traceId: trace, got: repeated, pieces }),
    ],
    ['in JSON with the body', JSON.stringify({ error: 'Cannot use this', traceId: trace, body })],
    [
      'in JSON inside JSON',
      JSON.stringify({ reason: 'Cannot use this', details: JSON.stringify(body), traceId: trace }),
    ],
    ['in JSON of ASCII', ascii(JSON.stringify({ error: 'Cannot use this', traceId: trace, body, pieces }))],
    [
      'in JSON with slashes escaped',
      JSON.stringify({ error: 'Cannot use this', traceId: trace, signed }).replaceAll('/', '\\/'),
    ],
    ['in a URL', `Cannot use ${repeated.map(encodeURIComponent).join('&')} trace ${trace}`],
    ['on many lines', `Cannot use\n${repeated.join('\n')}\n\u0000\u001b[31m trace ${trace}`],
  ];

  test.each(
    forms.flatMap(([form, text]) =>
      [400, 401, 422, 418, 500, 503].map((status) => [form, status, text] as const),
    ),
  )(
    'is logged without secrets, attributes, inputs and addresses: %s, status %i',
    async (_form, status, text) => {
      const fake = await openProvider();
      fake.answer({ status, body: text });
      const { reason = '' } = (await refusalOf(openHex(fake.origin).mint({ attributes, inputs }))).parts;
      expect(reason).toContain('Cannot use');
      const spelled = [...repeated, ...pieces].flatMap((value) => [
        value,
        JSON.stringify(value).slice(1, -1),
        ascii(JSON.stringify(value).slice(1, -1)),
        encodeURIComponent(value),
      ]);
      const cores = [
        'ller',
        'und',
        'EU-n',
        'west',
        'Deep',
        '481516',
        'Paulo',
        '7654321',
        '1a1a',
        'hex.tech',
        'ffff',
      ];
      for (const needle of [...spelled, ...cores]) expect(reason).not.toContain(needle);
      expect(reason).not.toMatch(/[\n\0\u001b]/);
      expect(reason.length).toBeLessThan(430);
    },
  );

  test.each([400, 403, 422, 424, 500])('keeps the trace id and the words, status %i', async (status) => {
    const fake = await openProvider();
    fake.answer({
      status,
      body: JSON.stringify({
        reason: 'Unprocessable request',
        details: `orgId acme is unknown`,
        traceId: trace,
      }),
    });
    const { reason } = (await refusalOf(openHex(fake.origin).mint(order))).parts;
    expect(reason).toContain(`status ${status}`);
    expect(reason).toContain(trace);
    expect(reason).toContain('Unprocessable request');
    expect(reason).toContain('orgId … is unknown');
  });

  test('is read where it is JSON of a known shape, and shown as it stands where not', async () => {
    const fake = await openProvider();
    const hex = openHex(fake.origin);
    const said = async (body: string): Promise<string | undefined> => {
      fake.answer({ status: 422, body });
      return (await refusalOf(hex.mint())).parts.reason;
    };
    expect(await said(JSON.stringify({ reason: 'No', details: 'because', traceId: trace }))).toBe(
      `status 422: trace ${trace}: No because`,
    );
    expect(await said('Bad   gateway\n')).toBe('status 422: Bad gateway');
    expect(await said('')).toBe('status 422: ');
    expect(await said(JSON.stringify({ traceId: trace, invalid: ['x'] }))).toBe(
      `status 422: trace ${trace}: traceId … invalid x`,
    );
    expect(await said('x'.repeat(5000))).toBe('status 422: …');
  });
});

describeProvider({
  kind: 'hex',
  keys: { address: 'baseUrl', secret: 'token' },
  attributes: 'attributes',
  good: { status: 200, body: JSON.stringify({ url: 'https://app.hex.tech/embed/signed' }) },
  isItsUrl: (text) => new URL(text).hostname.endsWith('.hex.tech'),
  told: ([call]) => (JSON.parse(call?.body ?? '{}') as Record<string, unknown>).hexUserAttributes,
  takes: plainText,
});
