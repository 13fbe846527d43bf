import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The case files of one folder below `test/cases`: their names and texts. */
export function readCases(folder: string): readonly (readonly [file: string, text: string])[] {
  const path = new URL(`../cases/${folder}/`, import.meta.url);
  return readdirSync(fileURLToPath(path))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => [file, readFileSync(new URL(file, path), 'utf8')] as const);
}
