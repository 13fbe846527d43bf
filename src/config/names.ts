import { isAlias, isMap, isNode, isScalar, visit, type Document, type Scalar, type YAMLMap } from 'yaml';
import type { ProblemList } from './problems.ts';

/**
 * Refuses explicit tags, and holds every key of the document to being a text, not the one name that
 * objects swallow, and not there twice: such a key would be dropped, or meet another on its way into an
 * object, before the schema could say so.
 *
 * @returns false when a key does not fit: the document must not be turned into objects
 */
export function checkNames(document: Document.Parsed, problems: ProblemList): boolean {
  let fits = true;
  const add = (offset: number | undefined, message: string): void => {
    problems.add({ path: [], offset: offset ?? 0, hideValue: true }, message);
  };
  const refuse: typeof add = (offset, message) => {
    fits = false;
    add(offset, message);
  };
  visit(document, {
    Node(_, node) {
      if (isMap(node)) {
        for (const key of namesGivenTwice(node)) add(key.range?.[0], 'the same key stands here twice');
      }
      // most tags make of a section what no schema looks into; none is needed
      if (isAlias(node) || node.tag === undefined) return;
      refuse(node.range?.[0], 'a tag such as !!map or !vault is not taken: write the plain value');
    },
    Pair(_, { key }) {
      const offset = isNode(key) ? key.range?.[0] : undefined;
      const isText = isScalar(key) && typeof key.value === 'string';
      if (!isText) refuse(offset, 'a key must be a text: write it in quotes');
      else if (key.value === '__proto__') refuse(offset, '__proto__ is not a known key');
    },
  });
  return fits;
}

/** The library finds these too, but compares each key with all others of its table. */
function namesGivenTwice({ items }: YAMLMap): readonly Scalar[] {
  const seen = new Set<unknown>();
  return items.flatMap(({ key }) => {
    if (!isScalar(key)) return [];
    if (seen.has(key.value)) return [key];
    seen.add(key.value);
    return [];
  });
}
