import { isAlias, isNode, isScalar, visit, type Document } from 'yaml';
import type { ProblemList } from './problems.ts';

/**
 * Refuses explicit tags, and holds every key of the document to being a text, and not the one name that objects swallow: such a
 * key would be dropped, or meet another on its way into an object, before the schema could say so.
 *
 * @returns false when a key does not fit: the document must not be turned into objects
 */
export function checkNames(document: Document.Parsed, problems: ProblemList): boolean {
  const before = problems.problems.length;
  visit(document, {
    Node(_, node) {
      // most tags make of a section what no schema looks into; none is needed
      if (isAlias(node) || node.tag === undefined) return;
      const spot = { path: [], offset: node.range?.[0] ?? 0, hideValue: true };
      problems.add(spot, 'a tag such as !!map or !vault is not taken: write the plain value');
    },
    Pair(_, { key }) {
      const offset = isNode(key) ? key.range?.[0] : undefined;
      const isText = isScalar(key) && typeof key.value === 'string';
      const spot = { path: [], offset: offset ?? 0, hideValue: true };
      if (!isText) problems.add(spot, 'a key must be a text: write it in quotes');
      else if (key.value === '__proto__') problems.add(spot, '__proto__ is not a known key');
    },
  });
  return problems.problems.length === before;
}
