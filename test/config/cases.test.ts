import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readConfig } from '../../src/config/load.ts';
import { headline } from '../../src/config/problems.ts';
import { readCases } from '../support/cases.ts';
import { toPlain } from '../support/plain.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const caseSchema = z.strictObject({
  name: z.string(),
  env: z.record(z.string(), z.string()).default({}),
  files: z.record(z.string(), z.string()).default({}),
  problems: z.array(z.string()),
  becomes: z.record(z.string(), z.unknown()).optional(),
});

describe('a configuration loads, or all its problems are named with their places', () => {
  it.each(readCases('config'))('%s', (_, text) => {
    const [head = '', ...documents] = text.split(/^---\n/m);
    const { env, files, problems, becomes } = caseSchema.parse(parse(head));
    const file = join(temporaryFolder(files), 'gateway.yaml');

    const loaded = readConfig(file, documents.join('---\n'), env);

    const found = loaded.ok ? [] : loaded.problems.map((one) => headline(one).slice(file.length + 1));
    expect(found).toEqual(problems);
    expect(loaded.ok).toBe(problems.length === 0);
    if (becomes !== undefined) expect(loaded.ok && toPlain(loaded.config)).toMatchObject(becomes);
  });
});
