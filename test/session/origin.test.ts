import { expect, test } from 'vitest';
import type { Credentials } from '../../src/gateway/session.ts';
import { credentials, outcome, sign, verifier } from './support.ts';

const token = sign();
const verify = verifier(undefined, ['https://app.example.com']);

const own = 'gateway.example.com';
const app = 'https://app.example.com';
const evil = 'https://evil.example.net';

type Shown = Pick<Credentials, 'origin' | 'referer' | 'host' | 'fetchSite'>;

/** What a request shows of where it comes from, and whether a cookie or a bearer token is then believed. */
const table: readonly (readonly [string, Shown, cookie: boolean, bearer: boolean])[] = [
  ['an allowed origin', { origin: app, fetchSite: 'cross-site' }, true, true],
  ['an allowed origin of an old browser', { origin: app }, true, true],
  ['an evil origin', { origin: evil, fetchSite: 'cross-site' }, false, false],
  ['an evil origin of an old browser', { origin: evil }, false, false],
  ['an evil origin with an allowed referer', { origin: evil, referer: `${app}/` }, false, false],
  ['an evil origin that says it is the same', { origin: evil, fetchSite: 'same-origin' }, false, false],
  ['an origin that begins as an allowed one', { origin: `${app}.evil.net` }, false, false],
  ['an allowed host with another scheme', { origin: 'http://app.example.com' }, false, false],
  ['an allowed host with another port', { origin: `${app}:8443` }, false, false],
  ['the origin null of a sandboxed frame', { origin: 'null', fetchSite: 'cross-site' }, false, false],
  ['the origin null of an old browser', { origin: 'null' }, false, false],
  ['the origin null with an allowed referer', { origin: 'null', referer: `${app}/` }, false, false],
  ['an empty origin', { origin: '', host: '' }, false, false],
  ['its own page, without Origin', { fetchSite: 'same-origin' }, true, true],
  ['the address bar', { fetchSite: 'none' }, true, true],
  ['another site, without Origin', { fetchSite: 'cross-site' }, false, true],
  ['a sister host, without Origin', { fetchSite: 'same-site' }, false, true],
  ['an unknown Sec-Fetch-Site', { fetchSite: 'SAME-ORIGIN' }, false, true],
  ['a frame on an allowed page', { referer: `${app}/x`, fetchSite: 'cross-site' }, true, true],
  ['a frame on an allowed page, old browser', { referer: `${app}/x?y` }, true, true],
  ['a frame on an evil page', { referer: `${evil}/${app}`, fetchSite: 'cross-site' }, false, true],
  ['a frame on an evil page, old browser', { referer: `${evil}/` }, false, true],
  ['a frame on a page that names itself so', { referer: 'https://app.example.com@evil.net/' }, false, true],
  ['a frame whose referer is withheld', { fetchSite: 'cross-site' }, false, true],
  ['a referer that is no URL', { referer: 'app.example.com' }, false, true],
  ['its own origin', { origin: `https://${own}`, host: own, fetchSite: 'same-origin' }, true, true],
  ['its own origin, old browser', { origin: `https://${own}`, host: own }, true, true],
  ['its own origin on a port', { origin: `http://${own}:8080`, host: `${own}:8080` }, true, true],
  ['its own host on another port', { origin: `http://${own}:8081`, host: `${own}:8080` }, false, false],
  ['its own host in another scheme', { origin: `app://${own}`, host: own }, false, false],
  [
    'its own host in a scheme of extensions',
    { origin: `chrome-extension://${own}`, host: own },
    false,
    false,
  ],
  [
    'its own host as a web socket',
    { origin: `wss://${own}`, host: own, fetchSite: 'same-origin' },
    false,
    false,
  ],
  [
    'its own host, yet cross-site',
    { origin: `https://${own}`, host: own, fetchSite: 'cross-site' },
    false,
    false,
  ],
  [
    'its own host, yet same-site',
    { origin: `http://${own}`, host: own, fetchSite: 'same-site' },
    false,
    false,
  ],
  ['its own page as referer, old browser', { referer: `https://${own}/x`, host: own }, true, true],
  // a browser's referer is the serialised http(s) URL of a page, and nothing else is one
  ...[
    `blob:${app}/2f1c`,
    `filesystem:${app}/temporary/x`,
    `view-source:${app}/`,
    `jar:${app}/x!/y`,
    'data:text/html,x',
    'about:blank',
    'about:srcdoc',
    'null',
    '',
    'javascript:1',
    'file:///etc/passwd',
    'wss://app.example.com/',
    'ftp://app.example.com/',
    'android-app://app.example.com/',
    'https://reader@app.example.com/',
    'https://reader:secret@app.example.com/',
    'https://@app.example.com/',
    'https:app.example.com/',
    'https:/app.example.com/',
    'https:///app.example.com/',
    'https:\\\\app.example.com/',
    'https://app.example.com\\x',
    'HTTPS://app.example.com/',
    'https://APP.example.com/',
    'https://app.example.com:443/',
    'https://app.example.com./',
    'https://app.exam\tple.com/',
    'https://app%2eexample.com/',
    'https://\u00adapp.example.com/',
    'https://\uff41pp.example.com/',
    ` ${app}/`,
    `\u00a0${app}/`,
    '//app.example.com/',
    `${app}?x`,
    `${app}#x`,
    `${app}, ${app}/`,
  ].map((referer) => [`the referer ${JSON.stringify(referer)}`, { referer }, false, true] as const),
  ['its own page in a blob as referer', { referer: `blob:https://${own}/x`, host: own }, false, true],
  ...[
    `https://${own}/`,
    `https://reader@${own}`,
    `https:${own}`,
    `HTTPS://${own}`,
    `https://${own.toUpperCase()}`,
    `blob:https://${own}`,
    ` https://${own}`,
    `https://${own}:443`,
    `https://${own}, https://${own}`,
    `https://${own}\\`,
  ].map(
    (origin) =>
      [`the origin ${JSON.stringify(origin)} on that host`, { origin, host: own }, false, false] as const,
  ),
  ...[
    `${app}/`,
    ` ${app}`,
    `${app}:443`,
    app.toUpperCase(),
    `blob:${app}`,
    `${app}, ${app}`,
    `${app}\u00a0`,
  ].map((origin) => [`the origin ${JSON.stringify(origin)}`, { origin }, false, false] as const),
  ['an origin without a host that the request names', { origin: 'https://undefined' }, false, false],
  ['an origin of nothing', { origin: 'https://', host: '' }, false, false],
  ['nothing at all', {}, false, true],
  ['nothing but a host', { host: own }, false, true],
];

test.each(table)('%s', async (_case, shown, cookieIsBelieved, bearerIsBelieved) => {
  const asCookie = credentials({ cookie: `session=${token}`, ...shown });
  const asBearer = credentials({ authorization: [`Bearer ${token}`], ...shown });
  const expected = (isBelieved: boolean): string => (isBelieved ? 'believed' : 'origin_denied');
  expect({ cookie: await outcome(verify(asCookie)), bearer: await outcome(verify(asBearer)) }).toEqual({
    cookie: expected(cookieIsBelieved),
    bearer: expected(bearerIsBelieved),
  });
});

test('a bearer token that the cookie repeats needs no origin: a foreign page could not have set it', async () => {
  const both = credentials({ authorization: [`Bearer ${token}`], cookie: `session=${token}` });
  expect(await outcome(verify(both))).toBe('believed');
});

test('the origin is judged before the token, so a foreign page learns nothing of the session', async () => {
  const sent = credentials({ cookie: 'session=rubbish', origin: evil });
  expect(await outcome(verify(sent))).toBe('origin_denied');
});
