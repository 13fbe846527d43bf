/** Characters that a path of ours may have: no percent sign, no backslash, nothing that two parsers read as two things. */
const pathPattern = /^\/(?!\/)[\w\-.~!$&'()*+,;=:@/]*$/;
const dotSegment = /\/\.\.?(?:\/|$)/;
/** Visible ASCII without `#`, which no request target has. */
const queryPattern = /^[\x21\x22\x24-\x7e]*$/;

/**
 * Whether a request target is a path, from the root, in one form only. Names in our paths need no
 * encoding, so a path that has any was not made from our documentation.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#name-origin-form
 */
export function isPlainTarget(target: string): boolean {
  const [path = '', ...rest] = target.split('?');
  return pathPattern.test(path) && !dotSegment.test(path) && queryPattern.test(rest.join('?'));
}
