import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../../src/', import.meta.url));

/** Which of our own folders each folder may import beside itself. cli composes everything. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  config: [],
  gateway: ['config'],
  redis: ['gateway', 'config'],
  session: ['gateway', 'config'],
  providers: ['gateway', 'config'],
  admission: ['gateway', 'config', 'redis'],
  combinations: ['gateway', 'config', 'redis'],
  'sign-out': ['gateway', 'config', 'redis'],
  http: ['gateway', 'config'],
  operations: ['gateway', 'config', 'http'],
  sandbox: [],
};

/** Packages and builtins that a folder must not touch. */
const outside: Readonly<Record<string, readonly string[]>> = {
  gateway: ['fastify', 'ioredis', 'pino', 'undici', 'node:process', 'node:http', 'node:net', 'node:fs'],
};

const readsEnvironment = ['cli', 'config'];

interface SourceFile {
  /** Below src, such as `gateway/map.ts`. */
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'))
  .map((path): SourceFile => {
    const text = withoutComments(readFileSync(join(source, path), 'utf8'));
    return { path, folder: path.split('/')[0] ?? '', text, imports: importsIn(text) };
  });

/** What a file imports or re-exports: statements, side effects, `import()`, types in angle brackets too. */
function importsIn(text: string): readonly string[] {
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"`])([^'"`\n]+)\1/g;
  return [...text.matchAll(pattern)].map(([, , name = '']) => name);
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

function folderOf(file: SourceFile, name: string): string {
  return posix.join(posix.dirname(file.path), name).split('/')[0] ?? '';
}

describe('dependencies run one way', () => {
  it('every folder of src has its arrows', () => {
    const folders = [...new Set(files.map(({ folder }) => folder))].filter((folder) => folder !== 'cli');
    expect(folders.toSorted()).toEqual(Object.keys(arrows).toSorted());
    expect(files.flatMap(({ imports }) => imports).length).toBeGreaterThan(100);
  });

  it.each(Object.entries(arrows))('%s imports of ours only itself and [%s]', (folder, allowed) => {
    const strays = files
      .filter((file) => file.folder === folder)
      .flatMap((file) =>
        file.imports
          .filter((name) => name.startsWith('.') && ![folder, ...allowed].includes(folderOf(file, name)))
          .map((name) => `${file.path} imports ${name}`),
      );
    expect(strays).toEqual([]);
  });

  it.each(Object.entries(outside))('%s touches none of %s', (folder, forbidden) => {
    const strays = files
      .filter((file) => file.folder === folder)
      .flatMap(({ path, imports, text }) => [
        ...imports
          .filter((name) => forbidden.some((one) => name === one || name.startsWith(`${one}/`)))
          .map((name) => `${path} imports ${name}`),
        ...(/\bprocess\b\s*[.[]/.test(text) ? [`${path} names process`] : []),
      ]);
    expect(strays).toEqual([]);
  });

  it('only cli and config read the environment', () => {
    const strays = files
      .filter(({ folder }) => !readsEnvironment.includes(folder))
      .filter(
        ({ text, imports }) =>
          /\bprocess\s*(\.|\[)\s*['"]?env\b/.test(text) || imports.includes('node:process'),
      )
      .map(({ path }) => path);
    expect(strays).toEqual([]);
  });

  it('no two folders import each other, directly or around', () => {
    const reached = (folder: string): ReadonlySet<string> => {
      const seen = new Set<string>();
      const queue = [folder];
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        const here = next;
        const ours = files
          .filter((file) => file.folder === here)
          .flatMap((file) =>
            file.imports.filter((name) => name.startsWith('.')).map((name) => folderOf(file, name)),
          );
        for (const one of ours) {
          if (one === here || seen.has(one)) continue;
          seen.add(one);
          queue.push(one);
        }
      }
      return seen;
    };
    const folders = [...new Set(files.map(({ folder }) => folder))];
    expect(folders.filter((folder) => reached(folder).has(folder))).toEqual([]);
  });

  it('no file only passes others on, and none is a place for everything', () => {
    const names = files.map(({ path }) => basename(path, '.ts'));
    expect(names.filter((name) => /^(index|utils?|helpers?|common|misc)$/.test(name))).toEqual([]);
    expect(
      files.filter(({ text }) => /^export\s+(\*|\{[^}]*\}\s*from)/m.test(text)).map(({ path }) => path),
    ).toEqual([]);
  });

  it('imports name the file they mean', () => {
    const strays = files.flatMap(({ path, imports }) =>
      imports
        .filter((name) => name.startsWith('.') && !name.endsWith('.ts'))
        .map((name) => `${path}: ${name}`),
    );
    expect(strays).toEqual([]);
  });
});
