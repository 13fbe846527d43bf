import { readFileSync } from 'node:fs';
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
