import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readConfig } from '../../src/config/load.ts';
import { headline, type Problem } from '../../src/config/problems.ts';
import { readCases } from '../support/cases.ts';
import { toPlain } from '../support/plain.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const caseSchema = z.strictObject({
  name: z.string(),
  env: z.record(z.string(), z.string()).default({}),
  files: z.record(z.string(), z.string()).default({}),
  problems: z.array(z.string()),
  warnings: z.array(z.string()).default([]),
  becomes: z.record(z.string(), z.unknown()).optional(),
});

describe('a configuration loads, or all its problems are named with their places', () => {
  it.each(readCases('config'))('%s', (_, text) => {
    const [head = '', ...documents] = text.split(/^---\n/m);
    const { env, files, problems, warnings, becomes } = caseSchema.parse(parse(head));
    const file = join(temporaryFolder(files), 'gateway.yaml');

    const loaded = readConfig(file, documents.join('---\n'), env);

    const texts = (list: readonly Problem[]) => list.map((one) => headline(one).slice(file.length + 1));
    expect(loaded.ok ? [] : texts(loaded.problems)).toEqual(problems);
    expect(loaded.ok ? texts(loaded.warnings) : []).toEqual(warnings);
    expect(loaded.ok).toBe(problems.length === 0);
    if (becomes !== undefined) expect(loaded.ok && toPlain(loaded.config)).toMatchObject(becomes);
  });
});
