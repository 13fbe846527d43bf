import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readConfig } from '../src/config/load.ts';
import { headline } from '../src/config/problems.ts';
import { refusalTable } from '../src/gateway/refusal.ts';
import { root } from './support/readme.ts';

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

it('the README’s configurations load', () => {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  const [first = '', ...others] = [...text.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(
    ([, block = '']) => block,
  );
  const sessions = first.slice(first.indexOf('sessions:'), first.indexOf('providers:'));
  const env = { HEX_TOKEN: 'x', CUBE_API_KEY: 'x', METABASE_SECRET_KEY: 'x'.repeat(64) };
  expect(others.length).toBeGreaterThan(0);
  for (const block of [first, ...others.map((other) => sessions + other)]) {
    const loaded = readConfig('README.md', block, env);
    expect(loaded.ok ? [] : loaded.problems.map(headline)).toEqual([]);
  }
});
