/** Characters that a path of ours may have: no percent sign, no backslash, nothing that two parsers read as two things. */
const pathPattern = /^\/(?!\/)[\w\-.~!$&'()*+,;=:@/]*$/;
const dotSegment = /\/\.\.?(?:\/|$)/;
/** Visible ASCII without `#`, which no request target has; what its escapes stand for is looked at apart. */
const queryPattern = /^[\x21\x22\x24-\x7e]*$/;

/**
 * Whether a request target is a path, from the root, in one form only. Names in our paths need no
 * encoding, so a path that has any was not made from our documentation.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#name-origin-form
 */
export function isPlainTarget(target: string): boolean {
  const [path = '', ...rest] = target.split('?');
  const query = rest.join('?');
  return pathPattern.test(path) && !dotSegment.test(path) && queryPattern.test(query) && isEscapedUtf8(query);
}

/** URLSearchParams would leave a broken escape as it stands, and put U+FFFD in the place of bytes that are no UTF-8. */
function isEscapedUtf8(query: string): boolean {
  try {
    decodeURIComponent(query);
    return true;
  } catch {
    return false;
  }
}
