import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { refusalTable } from '../src/gateway/refusal.ts';
import { createMetrics } from '../src/operations/metrics.ts';
import { readSessions } from './session/support.ts';
import { root } from './support/readme.ts';

it('the session that docs/identity-providers.md shows is read as it stands, with each rule that it names', () => {
  const text = readFileSync(join(root, 'docs/identity-providers.md'), 'utf8');
  const [, example = ''] = /^```yaml\n([^]*?)^```$/m.exec(text) ?? [];
  const { sessions } = z.object({ sessions: z.tuple([z.looseObject({})]) }).parse(parse(example));
  expect(readSessions(sessions)).toMatchObject([{ audience: 'analytics', algorithms: ['RS256'] }]);
  const rules = [...text.matchAll(/`((?:has\()?claims\.[^`]+)`/g)].map(([, rule]) => rule);
  expect(rules.length).toBeGreaterThan(1);
  expect(readSessions([{ ...sessions[0], require: rules }])).toHaveLength(1);
});

it('docs/threat-model.md names files and tests that there are', () => {
  const rows = readFileSync(join(root, 'docs/threat-model.md'), 'utf8').split('\n');
  const met = rows.filter((row) => row.startsWith('| ')).filter((row) => row.includes('`test/'));
  expect(met.length).toBeGreaterThan(20);
  for (const row of rows) {
    for (const [, path = ''] of row.matchAll(/`((?:src|test)\/[^`]+)`/g)) {
      expect(existsSync(join(root, path)), path).toBe(true);
    }
  }
  for (const row of met) {
    const shown = [...row.matchAll(/`(test\/[^`]+)` ((?:“[^”]+”(?:, )?)+)/g)];
    expect(shown.length, row).toBe(row.match(/`test\//g)?.length);
    for (const [, file = '', titles = ''] of shown) {
      const text = readFileSync(join(root, file), 'utf8');
      for (const [, title = ''] of titles.matchAll(/“([^”]+)”/g)) expect(text, file).toContain(title);
    }
  }
});

it('docs/refusals.md has every code, and every reason that stands in the source', () => {
  const page = readFileSync(join(root, 'docs/refusals.md'), 'utf8');
  const codes = [...page.matchAll(/^\| `(\w+)` \| (?=\S)/gm)].map(([, code]) => code);
  expect(codes.toSorted()).toEqual(Object.keys(refusalTable).toSorted());
  const folders = ['src/admission', 'src/gateway', 'src/providers', 'src/session'];
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  );
  const given = /(?:(?:invalid|KeysUnavailable)\(|Refusal\('\w+', \{\s*reason: |failure\('\w+', )'([^']+)'/g;
  const reasons = files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(given)].map(([, reason]) => reason),
    );
  const inWords = ['src/gateway/map.ts', 'src/session/origin.ts', 'src/session/reasons.ts'].flatMap(
    (file) => {
      const code = readFileSync(join(root, file), 'utf8').replace(/\/\*[^]*?\*\//g, '');
      return [...code.matchAll(/'([A-Za-z][\w.,’ -]* [\w.,’ -]+)'/g)].map(([, reason]) => reason);
    },
  );
  reasons.push(...inWords);
  expect(inWords.length).toBeGreaterThan(12);
  expect(reasons.length).toBeGreaterThan(40);
  expect(reasons.filter((reason = '') => !page.includes(reason))).toEqual([]);
});

it('docs/operating.md lists every metric of the gateway’s own, and no other', async () => {
  const page = readFileSync(join(root, 'docs/operating.md'), 'utf8');
  const listed = [...page.matchAll(/^\| `(embed_gateway_\w+)` \|/gm)].map(([, name]) => name);
  const metrics = await createMetrics().registry.getMetricsAsJSON();
  const own = metrics.map(({ name }) => name).filter((name) => name.startsWith('embed_gateway_'));
  expect(listed.toSorted()).toEqual(own.toSorted());
  // what an alert asks for is one of them, or a histogram's own series
  const asked = [...page.matchAll(/embed_gateway_\w+/g)].map(([name]) =>
    name.replace(/_(?:bucket|count|sum)$/, ''),
  );
  expect(asked.filter((name) => !own.includes(name))).toEqual([]);
});
