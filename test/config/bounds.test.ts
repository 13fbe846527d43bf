import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, readConfig } from '../../src/config/load.ts';
import { formatProblem, type Problem } from '../../src/config/problems.ts';
import { runCommand, temporaryFile } from '../support/gateway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function problemsOf(text: string): readonly Problem[] {
  const loaded = readConfig('gateway.yaml', text, {});
  return loaded.ok ? [] : loaded.problems;
}

function write(
  name: string,
  bytes: Uint8Array | string,
  beside: Readonly<Record<string, string>> = {},
): string {
  const file = join(temporaryFolder(beside), name);
  writeFileSync(file, bytes);
  return file;
}

describe('a configuration nested past all use is one problem', () => {
  it.each([
    ['lists', `a: ${'['.repeat(5000)}${']'.repeat(5000)}`],
    ['tables', `${'{a: '.repeat(3000)}1${'}'.repeat(3000)}`],
    ['lists of lines', `a:\n${'- '.repeat(5000)}x`],
    ['lists of lines that all end at once', `${'- '.repeat(5000)}x\ny: 1`],
    ['keys', `${'? '.repeat(3000)}x`],
    ['keys that all end at once', `${'? '.repeat(5000)}\nx: 1`],
    ['lines', Array.from({ length: 1000 }, (_, indent) => `${' '.repeat(indent)}a:`).join('\n')],
  ])('in %s, and never the end of the process', async (_, text) => {
    const { code, stderr } = await runCommand(['check', '--config', temporaryFile(text)]);
    expect(stderr).toContain('is nested more than 64 levels deep');
    expect(code).toBe(1);
  });

  it('and 64 levels are none', () => {
    const nested = (levels: number): string => `a: ${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}`;
    expect(problemsOf(nested(64)).map(({ path }) => path)).toContain('a');
    expect(problemsOf(nested(65))).toMatchObject([
      { line: 1, column: 67, path: 'configuration', message: 'is nested more than 64 levels deep' },
    ]);
  });
});

describe('many problems', () => {
  it.each([
    ['unknown keys', (at: number) => `key${at}: 1`],
    ['keys given twice', () => 'listen: 1'],
    ['embeds that lack all', (at: number) => `${at === 0 ? 'embeds:\n' : ''}  e${at}: { provider: x }`],
    ['references to nothing', (at: number) => `key${at}: \${env:NOTHING}`],
  ])('are told in no time: the first 100 %s, and how many more', (_, lineOf) => {
    const text = Array.from({ length: 5000 }, (_item, at) => lineOf(at)).join('\n');
    const problems = problemsOf(text);
    expect(problems).toHaveLength(101);
    expect(problems.at(-1)?.message).toMatch(/^has \d{4,} more problems$/);
    expect(problems.map(formatProblem).join('\n').length).toBeLessThan(50_000);
  });

  it('on one line are told in no time too, without the line', () => {
    const line = `{ ${Array.from({ length: 5000 }, (_, at) => `key${at}: 1`).join(', ')} }`;
    expect(problemsOf(line)).toHaveLength(101);
    expect(new Set(problemsOf(line).map(({ source }) => source))).toEqual(new Set(['']));
  });
});

describe('a file that is no text is not guessed at', () => {
  it('when it is the configuration', () => {
    const file = write('gateway.yaml', Buffer.from('listen: { host: "\xe9" }', 'latin1'));
    const loaded = loadConfig(file, {});
    expect(loaded).toMatchObject({ ok: false, problems: [{ message: 'is not UTF-8' }] });
  });

  it('when it is a secret, most of whose bytes would turn into one and the same character', () => {
    const file = write('key', Buffer.from([0xff, 0xfe, 0xfd, 0xfc]), {
      'gateway.yaml': 'operations: { token: "${file:key}" }',
    });
    const loaded = loadConfig(join(file, '../gateway.yaml'), {});
    const messages = loaded.ok ? [] : loaded.problems.map(({ message }) => message);
    expect(messages).toContain('${file:key} is not UTF-8 text');
  });

  it('and one of over a megabyte is not read as a configuration', () => {
    const loaded = loadConfig(write('gateway.yaml', `# ${'x'.repeat(1_048_576)}`), {});
    expect(loaded).toMatchObject({ ok: false, problems: [{ message: 'is larger than 1048576 bytes' }] });
  });
});
