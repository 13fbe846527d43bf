const name = 'session';

/*
 * Host-only: without a Domain attribute the cookie belongs to exactly the host that set it. Cookies know no ports
 * (RFC 6265, section 8.5), so set by localhost:4000 it goes to a gateway on localhost:8080 too, which is how the gateway
 * gets to see the session. In production a common parent domain or a reverse proxy does the same. Not Secure, because the
 * sandbox speaks plain http.
 */
const attributes = 'HttpOnly; SameSite=Lax; Path=/';

/** The Set-Cookie value that signs in. The cookie lasts as long as the browser's session, the token in it one hour. */
export function setSession(token: string): string {
  return `${name}=${token}; ${attributes}`;
}

/** The Set-Cookie value that signs out. */
export function clearSession(): string {
  return `${name}=; ${attributes}; Max-Age=0`;
}

/** The session token in a Cookie header. */
export function readSession(header: string | undefined): string | undefined {
  const pair = (header ?? '').split(/; */).find((candidate) => candidate.startsWith(`${name}=`));
  return pair?.slice(name.length + 1);
}
