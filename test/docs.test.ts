import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
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
