import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isPair, isScalar, isSeq, visit, type Document, type Scalar } from 'yaml';
import type { ProblemList, Path } from './problems.ts';
import { utf8Text } from './text.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const reference = /\$\{([a-z]+):([^{}]*)\}/g;
const fileBytesMax = 65_536;

/** Paths, as JSON. */
export interface References {
  /** Of the texts that came out of a reference. */
  readonly substituted: ReadonlySet<string>;
  /** Of those whose reference led nowhere, and of the lists that hold one: what else is wrong with them is no news. */
  readonly unresolved: ReadonlySet<string>;
}

/**
 * Puts the values of `${env:NAME}` and `${file:/path}` into the document's texts. A relative path is
 * looked up beside the configuration file; the line break at a file's end is dropped. What is not
 * set, empty or unreadable is a problem, never an empty text.
 */
export function substitute(
  document: Document.Parsed,
  file: string,
  environment: Environment,
  problems: ProblemList,
): References {
  const substituted = new Set<string>();
  const unresolved = new Set<string>();
  const fail = (path: Path, message: string): void => {
    problems.add({ path }, message);
    unresolved.add(JSON.stringify(path));
    if (typeof path.at(-1) === 'number') unresolved.add(JSON.stringify(path.slice(0, -1)));
  };
  visit(document, {
    Scalar(key, node, ancestors) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('${')) return;
      const path = pathOf(ancestors, node);
      substituted.add(JSON.stringify(path));
      if (node.value.replace(reference, '').includes('${')) {
        fail(path, 'holds a ${ that is neither ${env:NAME} nor ${file:/path}');
      }
      node.value = node.value.replace(reference, (_, kind: string, name: string) => {
        const found = lookUp(kind, name);
        if (typeof found === 'string') return found;
        fail(path, `\${${kind}:${name}} ${found.fault}`);
        return '';
      });
    },
  });
  return { substituted, unresolved };

  function lookUp(kind: string, name: string): string | { readonly fault: string } {
    if (kind === 'env') {
      const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
      if (value === undefined) return { fault: 'is not set' };
      return value === '' ? { fault: 'is empty' } : value;
    }
    return kind === 'file' ? readText(resolve(dirname(file), name)) : { fault: 'is neither env nor file' };
  }
}

function readText(path: string): string | { readonly fault: string } {
  try {
    const status = statSync(path);
    // a device or a pipe may never end
    if (!status.isFile()) return { fault: 'is not a regular file' };
    if (status.size > fileBytesMax) return { fault: `is larger than ${fileBytesMax} bytes` };
    const text = utf8Text(readFileSync(path))?.replace(/\r?\n$/, '');
    if (text === undefined) return { fault: 'is not UTF-8 text' };
    return text === '' ? { fault: 'is empty' } : text;
  } catch (error) {
    return { fault: `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})` };
  }
}

function pathOf(ancestors: readonly unknown[], node: Scalar): Path {
  const path: (string | number)[] = [];
  for (const [index, ancestor] of ancestors.entries()) {
    const child = ancestors[index + 1] ?? node;
    if (isPair(ancestor) && isScalar(ancestor.key)) path.push(String(ancestor.key.value));
    if (isSeq(ancestor)) path.push(ancestor.items.indexOf(child));
  }
  return path;
}
