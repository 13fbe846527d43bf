import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { readConfig } from '../src/config/load.ts';
import { headline } from '../src/config/problems.ts';
import { refusalTable } from '../src/gateway/refusal.ts';
import { root } from './support/readme.ts';

const packageSchema = z.object({ scripts: z.record(z.string(), z.string()) });

it('the README’s table of errors names every code with its status, and no other', () => {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  const rows = [...text.matchAll(/^\| ((?:`\w+`(?:, )?)+) \| (\d{3}(?:, \d{3})*) \|/gm)];
  const documented = rows.flatMap(([, names = '', numbers = '']) => {
    const statuses = numbers.split(', ').map(Number);
    return names.split(', ').map((name, index) => [name.replaceAll('`', ''), statuses[index] ?? statuses[0]]);
  });
  const known = Object.entries(refusalTable).map(([code, [status]]) => [code, status]);
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(known));
  expect(documented).toHaveLength(known.length);
});

it('every script that the README names is there', () => {
  const { scripts } = packageSchema.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  const named = readFileSync(join(root, 'README.md'), 'utf8').matchAll(/npm (?:run )?([a-z][\w:]*)/g);
  const unknown = [...named].filter(([, script = '']) => script !== 'ci' && !Object.hasOwn(scripts, script));
  expect(unknown).toEqual([]);
});

it.each(['README.md', 'docs/sessions.md', 'docs/redis.md'])(
  'the configurations of %s load, each in place of a section of the README’s first one',
  (file) => {
    const random = 'Zc4-kT9!vQ2_mW7+xB5=rN8.hJ3,pL6;';
    const env = {
      REDIS_URL: 'redis://127.0.0.1:6379',
      HEX_TOKEN: 'x',
      CUBE_API_KEY: 'x',
      METABASE_SECRET_KEY: random,
      AUTH_SECRET: random,
    };
    const [whole] = configurationsIn('README.md');
    const shown = configurationsIn(file);
    expect(shown.length).toBeGreaterThan(0);
    for (const sections of shown) {
      const loaded = readConfig(file, stringify({ ...whole, ...sections }), env);
      expect(loaded.ok ? [] : loaded.problems.map(headline)).toEqual([]);
    }
  },
);

function configurationsIn(file: string): readonly object[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, block = '']) => {
    const read: unknown = parse(block);
    // a list shows entries of `sessions`
    return Array.isArray(read) ? { sessions: read as unknown[] } : (read as object);
  });
}
