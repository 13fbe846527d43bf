import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kinds } from '../../src/config/products.ts';
import { root } from '../support/readme.ts';

/** Where a product's name stands by right: the two tables, and what is there to try the gateway. */
const tables = ['config/products.ts', 'providers/create.ts'];
const forTrying = /^(sandbox\/|cli\/(sandbox|main)\.ts$)/;

/** A product's name as a value, in an identifier, or in the name of a file. */
function namesOf(products: readonly string[]): RegExp {
  const forms = products.flatMap((name) => {
    const capital = name.replace(/^./, (first) => first.toUpperCase());
    return [`'${name}'`, `\\b${name}[A-Z]`, capital, `/${name}[-.]`];
  });
  return new RegExp(forms.join('|'));
}

const source = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts') && !tables.includes(path) && !forTrying.test(path));

describe('adding a product takes its own files and a line in each of two tables', () => {
  it('no other file names one', () => {
    const others = source.filter((path) => !kinds.some((kind) => basename(path).startsWith(kind)));
    const strays = others.filter((path) => namesOf(kinds).test(codeOf(path)));
    expect(strays).toEqual([]);
    expect(others.length).toBeGreaterThan(80);
  });

  it('a product’s own files name no other', () => {
    for (const kind of kinds) {
      const others = namesOf(kinds.filter((other) => other !== kind));
      const own = source.filter((path) => basename(path).startsWith(kind));
      expect(own.length).toBeGreaterThan(1);
      const strays = own.filter((path) => others.test(codeOf(path)));
      expect(strays).toEqual([]);
    }
  });

  it('each passes the suite', () => {
    for (const kind of kinds) {
      const text = readFileSync(join(root, `test/providers/${kind}.test.ts`), 'utf8');
      expect(text).toContain(`describeProvider({\n  kind: '${kind}',`);
    }
  });

  it('the page about it names files that there are', () => {
    const text = readFileSync(join(root, 'docs/providers.md'), 'utf8');
    const paths = [...text.matchAll(/`((?:src|test|config)\/[\w/.-]+)`/g)].map(([, path = '']) => path);
    expect(paths.length).toBeGreaterThan(8);
    expect(paths.filter((path) => !path.includes('acme') && !existsSync(join(root, path)))).toEqual([]);
  });
});

/** A file's text without comments, and without the encoding that has a product's name. */
function codeOf(path: string): string {
  return readFileSync(join(root, 'src', path), 'utf8')
    .replace(/\/\*[^]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '')
    .replace(/\b(digest|toString)\('hex'\)/g, '');
}
