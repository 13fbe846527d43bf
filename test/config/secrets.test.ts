import { join } from 'node:path';
import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadConfig, readConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problems.ts';
import { Secret } from '../../src/config/secret.ts';
import { toPlain } from '../support/plain.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const marker = 'hunter-two';
const strong = '9f27c04be81d5a6392af0ce47d13b865';

/** Configurations with a secret in every place where one stands by right or by mistake, each with a problem. */
const texts: Readonly<Record<string, string>> = {
  'the value of an unknown key': `tokn: ${marker}`,
  'the value of an unknown key in a flow map': `providers: { hex: { kind: hex, tokn: ${marker}, timeout: soon } }`,
  'the value of an unknown key over two lines': `providers: { hex: { tokn: [one,\n  ${marker}], timeout: soon } }`,
  'a table below an unknown key': `vault:\n  deeper: ${marker}\n  other: { also: ${marker} }`,
  'the value of a key given twice': `operations:\n  token: ${marker}\n  token: ${marker}`,
  'keys given twice in a flow map': `operations: { token: ${marker}, token: ${marker}, port: no }`,
  'a token beside a bad value': `providers: { hex: { kind: hex, timeout: soon, token: ${marker} } }`,
  'a token of the wrong type': `operations:\n  token:\n    value: ${marker}`,
  'a token that became a key': `operations:\n  token: { ${marker} }`,
  'a token in a list where one belongs': `operations:\n  token:\n    - ${marker}`,
  'one of three tokens': `providers:\n  hex:\n    kind: hex\n    token:\n      - ${marker}\n      - ${marker}\n      - ${marker}`,
  'one of three tokens in a flow list': `providers: { hex: { kind: hex, token: [${marker}, ${marker}, ${marker}] } }`,
  'an empty token after another': `providers: { hex: { kind: hex, token: [${marker}, ""] } }`,
  'a secret key that is too short': `providers: { m: { kind: metabase, siteUrl: x, secretKey: ${marker} } }`,
  'a short secret key of two': `providers:\n  m:\n    kind: metabase\n    secretKey:\n      - ${marker}\n      - ${marker}`,
  'a misspelt secret key': `providers: { m: { kind: metabase, secretkey: ${marker} } }`,
  'a secret key of another product': `providers: { h: { kind: hex, secretKey: ${marker} } }`,
  'an API key that fits no header': `providers: { c: { kind: cube, baseUrl: x, apiKey: "a ${marker}" } }`,
  'an API key of two beside a bad value': `providers: { c: { kind: cube, deployment: x, apiKey: [${marker}, ""] } }`,
  'a misspelt API key': `providers: { c: { kind: cube, apiKeys: ${marker} } }`,
  'a number as a token': `operations: { token: 4711 }`,
  'a token with an unclosed reference': `operations: { token: "\${env:${marker}" }`,
  'a token as a reference of a kind that there is not': `operations: { token: "${marker}\${x" }`,
  'a Redis URL of the wrong scheme': `redis:\n  url: http://:${marker}@redis.example.com`,
  'a Redis URL that is none': `redis:\n  url: redis//${marker}`,
  'a Redis URL beside a bad value': `redis: { url: "redis://:${marker}@r/0", whenDown: open }`,
  'a Redis URL whose password has a slash': `redis: { whenDown: open, url: "redis://:a/${marker}@r" }`,
  'cluster URLs': `redis:\n  cluster:\n    - redis//${marker}\n  url: redis://:${marker}@r`,
  'sentinel URLs': `redis:\n  sentinel: { name: x, urls: [redis//${marker}], nam: ${marker} }`,
  'sentinel as a URL': `redis:\n  sentinel: redis://:${marker}@r`,
  'an inline private key': `sessions:\n  - keys:\n      pem: |\n        -----BEGIN PRIVATE KEY-----\n        ${marker}\n        -----END PRIVATE KEY-----`,
  'an inline key in quotes': `sessions:\n  - keys: { pem: "-----BEGIN PRIVATE KEY-----\n      ${marker}", jwks: x, discovery: 1 }`,
  'a private key as an authority': `sessions:\n  - keys:\n      ca: |\n        -----BEGIN PRIVATE KEY-----\n        ${marker}\n        -----END PRIVATE KEY-----`,
  'an authority in quotes that is none': `sessions:\n  - keys: { ca: "-----BEGIN CERTIFICATE-----\n      ${marker}", jwks: x, discovery: 1 }`,
  'a weak shared secret': `sessions:\n  - issuer: x\n    audience: x\n    keys: { secret: ${marker} }\n    tenant: claims.t`,
  'a shared secret beside a bad value': `sessions:\n  - { keys: { secret: ${marker}, jwks: 1 }, maxAge: soon }`,
  'a shared secret of several words': `sessions:\n  - { keys: { secret: one ${marker} two }, maxAge: soon }`,
  'a shared secret on a line of its own': `sessions:\n  - keys:\n      secret:\n        ${marker}\n      sekret:\n        ${marker}`,
  'a weak secret of sealed cookies': `sessions:\n  - { name: s, keys: { sealed: { format: authjs, secret: ${marker} } } }`,
  'a weak secret of sealed cookies in a list': `sessions:\n  - keys:\n      sealed:\n        secret:\n          - ${marker}\n          - ${marker}`,
  'five secrets of sealed cookies': `sessions:\n  - keys: { sealed: { secret: [${`${marker},`.repeat(5)}] } }`,
  'the secret of sealed cookies in the place of the format': `sessions:\n  - keys: { sealed: ${marker} }`,
  'user and password in a URL': `providers: { hex: { kind: hex, token: x, baseUrl: "https://u:${marker}@h" } }`,
  'a password with a slash in a URL': `providers: { hex: { kind: hex, token: x, baseUrl: "https://u:a/${marker}@h" } }`,
  'a query in a URL': `providers: { hex: { kind: hex, token: x, baseUrl: "https://h/?key=${marker}" } }`,
  'an anchor': `operations: { token: &${marker} x, port: no }`,
  'an alias without its anchor': `operations:\n  token: *${marker}`,
  'a tag': `operations:\n  token: !${marker} x`,
  'a comment': `operations: { port: no } # token: ${marker}`,
  'a comment above': `# ${marker}\noperations: { port: no }`,
  'a line of broken YAML': `operations:\n  token: "${marker}`,
  'a broken flow map': `operations: { token: ${marker}, port: [ }`,
  'a broken list': `providers:\n  hex:\n    token:\n      - ${marker}\n      - "${marker}\n`,
  'broken YAML on a continued line': `operations:\n  token: "one\n  ${marker} \\q"\n`,
  'a bad escape': `operations: { token: "\\u${marker}" }`,
  'a block header': `operations:\n  token: |${marker}\n    x`,
  'a bad indentation': `operations:\n  token: x\n ${marker}`,
  'a tab': `operations:\n\ttoken: ${marker}`,
  'text that is no configuration': marker,
  'a reserved character': `operations:\n  token: @${marker}`,
  'two values on a line': `operations:\n  token: "x" ${marker}`,
};

describe('no secret stands in a problem', () => {
  it.each(Object.entries(texts))('%s', (_, text) => {
    const loaded = readConfig('gateway.yaml', text, {});
    const shown = loaded.ok ? undefined : loaded.problems.map(formatProblem).join('\n');
    expect(shown).toBeDefined();
    expect(shown).not.toContain(marker);
    expect(shown).not.toContain('4711');
  });

  it('out of the environment or a file, wherever it is put', () => {
    const folder = temporaryFolder({ secret: marker });
    const one = '${env:X}';
    const two = '${file:secret}';
    const text = `
listen: { host: ["${one}"], port: "${one}", trustedProxies: ["${two}"], allowedOrigins: ["${one}"] }
redis: { url: "${two}", whenDown: "${one}" }
sessions:
  - { issuer: "${one}", keys: { jwks: "${one}", pem: "${two}" }, algorithms: ["${one}"], tenant: "${one}", user: "${two} ==" }
limits: { client: { max: "${one}", per: "${two}" } }
providers: { hex: { kind: "${one}" }, cube: { kind: hex, token: x, baseUrl: "${one}", urlHosts: ["a ${one}"] } }
embeds:
  a: { provider: "${one}", project: "${two}", public: "${one}", inputs: { a: { type: "${one}" } }, expiresIn: "${one}" }
  b: { provider: cube, project: x, attributes: { a: "claims[${one}", b: "${two}.x" }, combination: ["${one}"] }
`;
    const loaded = readConfig(join(folder, 'gateway.yaml'), text, { X: marker });
    const problems = loaded.ok ? [] : loaded.problems;
    expect(problems.length).toBeGreaterThan(20);
    expect(problems.map(formatProblem).join('\n')).not.toContain(marker);
  });
});

describe('a problem shows what helps to mend it', () => {
  const shown = (text: string, path: string): string => {
    const loaded = readConfig('gateway.yaml', text, {});
    return loaded.ok
      ? ''
      : (loaded.problems.map(formatProblem).find((one) => one.includes(` ${path}: `)) ?? '');
  };

  it('the line with the value in question, and a caret below it', () => {
    expect(shown('operations:\n  port: 70000 # not the public one', 'operations.port')).toBe(
      'gateway.yaml:2:9 operations.port: must be at most 65535\n  ' + '  port: 70000 \n  ' + '        ^',
    );
  });

  it('the place in an expression, past values that are left out', () => {
    const [, line, caret] = shown(
      'sessions:\n  - { issuer: abcdefgh, tenant: claims.a + foo }',
      'sessions[0].tenant',
    ).split('\n');
    expect(line).toBe('    - { issuer: …, tenant: claims.a + foo }');
    expect(caret?.indexOf('^')).toBe(line?.indexOf('foo'));
  });

  it('references in a line that is no YAML, and nothing else of it', () => {
    const text = `operations:\n  token: { a: ${marker}, b: \${file:/run/token} }`;
    expect(shown(text, 'configuration')).toContain('\n    token: … ${file:/run/token} …\n');
    expect(shown(text, 'configuration')).not.toContain(marker);
  });

  it('references, which hold no secret', () => {
    expect(shown('operations:\n  token: ${env:OPERATIONS_TOKEN}', 'operations.token')).toContain(
      'token: ${env:OPERATIONS_TOKEN}\n',
    );
  });
});

describe('a problem without a line of the file shows none', () => {
  it('as for a file that is not there', () => {
    const loaded = loadConfig('no-such-file.yaml', {});
    expect(loaded.ok ? [] : loaded.problems.map(formatProblem)).toEqual([
      'no-such-file.yaml:1:1 configuration: no such file',
    ]);
  });
});

describe('a secret prints as [secret]', () => {
  const secret = new Secret(marker);

  it.each([
    ['String', String(secret)],
    ['format, as a console does', format('%s %j %o %O %d', secret, secret, secret, secret, secret)],
    ['concatenation', [secret, ''].join('')],
    ['JSON', JSON.stringify({ secret, list: [secret] })],
    ['inspect', inspect(secret)],
    [
      'inspect, nested, with hidden properties',
      inspect({ a: { b: [secret] } }, { showHidden: true, depth: 9 }),
    ],
    [
      'inspect with getters and proxies',
      inspect(secret, { getters: true, showProxy: true, customInspect: true }),
    ],
    ['own keys', inspect([Reflect.ownKeys(secret), Object.entries(secret), Object.assign({}, secret)])],
    ['structured clone', inspect(structuredClone(Object.assign({}, secret)))],
    ['an error about it', inspect(new Error('refused', { cause: secret }))],
  ])('by %s', (_, text) => {
    expect(text).not.toContain(marker);
  });

  it('even to inspect without its own word for it', () => {
    expect(inspect(secret, { customInspect: false, showHidden: true })).not.toContain(marker);
  });

  it('and gives its value only when asked to', () => {
    expect(secret.reveal()).toBe(marker);
    expect(String(secret)).toBe('[secret]');
    expect(JSON.stringify(secret)).toBe('"[secret]"');
    expect(inspect({ secret })).toBe('{ secret: [secret] }');
  });

  it('in a whole configuration', () => {
    const text = `
redis: { url: "redis://:${marker}@127.0.0.1" }
operations: { token: ${marker} }
sessions:
  - { issuer: x, audience: x, keys: { secret: ${marker}-${strong} }, tenant: claims.t }
  - { name: s, tokens: ["cookie:s"], keys: { sealed: { format: authjs, secret: [${marker}-${strong}] } }, tenant: claims.t }
providers: { hex: { kind: hex, token: [${marker}, ${marker}] } }
embeds: { a: { provider: hex, project: 5a8591dd-4039-49df-9202-96385ba3eff8, public: true } }
`;
    const loaded = readConfig('gateway.yaml', text, {});
    expect(loaded.ok).toBe(true);
    if (!loaded.ok) return;
    expect(inspect(loaded, { depth: 20, showHidden: true })).not.toContain(marker);
    expect(JSON.stringify(toPlain(loaded.config))).not.toContain(marker);
  });
});
