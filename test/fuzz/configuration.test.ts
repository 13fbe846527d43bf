import fc from 'fast-check';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problems.ts';
import { readCases } from '../support/cases.ts';
import { toPlain } from '../support/plain.ts';
import { root } from '../support/readme.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { damaged, hostileText } from './hostile.ts';
import { fuzzTimeoutMs, runs } from './runs.ts';

const known = 'kJ4-wX9!bQ2_nR7+yD5=';
/** What `${env:…}` finds; the secrets are known by their beginning. */
const environment = {
  APP_ORIGIN: 'https://app.example.com',
  REDIS_URL: `redis://:${known}redis@127.0.0.1:6379`,
  SESSION_ISSUER: 'https://login.example.com/',
  SESSION_JWKS_URL: 'https://login.example.com/jwks.json',
  HEX_BASE_URL: 'https://app.hex.tech/api/v1',
  HEX_TOKEN: `${known}hex-token`,
  HEX_TOKEN_NEXT: `${known}hex-token-next`,
  CUBE_API_KEY: `${known}cube-key`,
  METABASE_SECRET_KEY: `${known}metabase-secret-key-of-some-length`,
  OPERATIONS_TOKEN: `${known}operations`,
};

const right = [
  ...['gateway', 'demo'].map((name) => readFileSync(join(root, `config/${name}.yaml`), 'utf8')),
  ...readCases('config')
    .filter(([, text]) => text.includes('problems: []'))
    .map(([, text]) =>
      text
        .split(/^---\n/m)
        .slice(1)
        .join('---\n'),
    ),
];

const extra = fc.oneof(
  fc.constantFrom(
    ...[
      '\n',
      '  ',
      '\t',
      ':',
      ': ',
      '- ',
      '? ',
      '#',
      '|\n',
      '>-\n',
      '"',
      "'",
      '&a ',
      '*a',
      '<<: *a\n',
      '!!js/function ',
      '!!binary ',
      '!<tag:x> ',
    ],
    ...[
      '%YAML 1.1\n---\n',
      '---\n',
      '...\n',
      '{',
      '}',
      '[',
      ']',
      ',',
      '~',
      'null',
      '.nan',
      '0x10',
      '1e400',
      '2026-11-20',
      '\r',
      '\ufeff',
      '\u0085',
    ],
    ...[
      '${env:HEX_TOKEN}',
      '${env:NOTHING}',
      '${file:gateway.yaml}',
      '${file:/dev/zero}',
      '${file:/proc/self/environ}',
      '${',
      '__proto__: 1\n',
      'constructor:\n',
    ],
    ...['[', '{a: ', '- ', '? ', '(', '!', 'a.', '(x) || '].map((text) => text.repeat(3000)),
    `a: &a [${'x,'.repeat(50)}]\nb: &b [${'*a,'.repeat(50)}]\nc: &c [${'*b,'.repeat(50)}]\nd: [${'*c,'.repeat(50)}]\n`,
    ...[
      'regex: claims.a.matches("(a+)+$")\n',
      'claims.a.b.c[0]',
      'size(claims) > 1',
      '[1].map(a, [1].map(b, a))',
    ],
  ),
  hostileText,
);
const text = fc.oneof(
  { weight: 6, arbitrary: damaged(fc.constantFrom(...right), extra) },
  extra,
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);
const encoding = fc.constantFrom('utf8' as const, 'utf8' as const, 'latin1' as const);

it(
  'any configuration file loads or has its problems named, quickly and without a secret',
  { timeout: fuzzTimeoutMs },
  () => {
    const path = join(temporaryFolder(), 'gateway.yaml');
    const outcomes = new Set<boolean>();
    fc.assert(
      fc.property(text, encoding, (written, as) => {
        writeFileSync(path, written, as);
        const startedAt = performance.now();
        const loaded = loadConfig(path, environment);
        const shown = loaded.ok
          ? JSON.stringify(toPlain(loaded.config))
          : loaded.problems.map(formatProblem).join('\n');
        expect(performance.now() - startedAt).toBeLessThan(2000);
        outcomes.add(loaded.ok);
        expect(shown).not.toContain(known);
        if (loaded.ok) return;
        expect(loaded.problems.length).toBeGreaterThan(0);
        expect(loaded.problems.length).toBeLessThanOrEqual(101);
        expect(shown.length).toBeLessThan(100_000);
        const lines = written.split('\n').length;
        for (const { line, column, message } of loaded.problems) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines);
          expect(column).toBeGreaterThanOrEqual(1);
          expect(message).not.toMatch(/^$|[\0-\x1f\x7f]/);
        }
      }),
      runs(300),
    );
    expect(outcomes).toEqual(new Set([true, false]));
  },
);
