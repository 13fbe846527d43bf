import type { Claims } from '../config/expressions.ts';

/** What a request says of who sends it and from where: all that the session is judged by. */
export interface Credentials {
  /** Every `Authorization` header, in order. */
  readonly authorization: readonly string[];
  /** The `Cookie` header as it came; '' for none. */
  readonly cookie: string;
  readonly origin?: string | undefined;
  readonly referer?: string | undefined;
  readonly host?: string | undefined;
  /** `Sec-Fetch-Site`: set by browsers, out of a page's reach. */
  readonly fetchSite?: string | undefined;
}

/** The host application's verified token. */
export interface Session {
  /** Its `iss`; of a sealed cookie the configured name. No two entries of the configuration share one. */
  readonly issuer: string;
  readonly tenant: string;
  readonly user: string;
  readonly claims: Claims;
  /** True where somebody else acts as the user; who, is nobody's business here. */
  readonly impersonated?: true;
}

/** A session together with what its token is known by. */
export interface VerifiedSession extends Session {
  readonly token: SessionToken;
}

/** What identifies a verified token without being of any use to who reads it. */
export interface SessionToken {
  /**
   * Of what the issuer signed or sealed: 43 base64url characters. A signature is no part of it, since
   * some can be written in two ways.
   */
  readonly digest: string;
  /** Milliseconds since the epoch from which on it is not believed any more, clock tolerance included. */
  readonly expiresAtMs: number;
  /** What other tokens of the same session have in common with it; left out where the token names no session. */
  readonly session?: SharedNames;
}

/** The names that a token gives its session: its `jti`, and ids such as `sid`. */
export interface SharedNames {
  /** Of each name, with the issuer and the user: 43 base64url characters. */
  readonly digests: readonly string[];
  /** Milliseconds since the epoch from which on no token that was made until now is believed any more. */
  readonly expiresAtMs: number;
}

/** @throws {Refusal} a `session_*` code or `origin_denied` */
export type VerifySession = (credentials: Credentials) => Promise<VerifiedSession>;
