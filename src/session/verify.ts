import { errors, jwtVerify } from 'jose';
import type { Claims, Expression, Value, Variables } from '../config/expressions.ts';
import type { SessionConfig } from '../config/sessions.ts';
import { isIdentifier } from '../config/text.ts';
import { placeName, type TokenPlace } from '../config/token-places.ts';
import { Refusal } from '../gateway/refusal.ts';
import type { VerifiedSession, VerifySession } from '../gateway/session.ts';
import { findToken } from './find-token.ts';
import { KeysUnavailable } from './key-server.ts';
import { invalid } from './invalid.ts';
import { keysOf } from './keys-of.ts';
import type { Keys } from './keys.ts';
import { checkOrigin } from './origin.ts';
import { sealedForms } from './sealed-formats.ts';
import type { SealedSessions } from './sealed.ts';
import { reasonFor } from './reasons.ts';
import { sessionToken } from './session-token.ts';
import { unsafeTime } from './times.ts';
import { readUnverifiedClaims } from './unverified.ts';

/** One configured issuer of signed tokens, ready to verify. */
export interface Issuer {
  readonly config: SessionConfig;
  readonly keys: Keys;
}

/** @param onIgnoredKeys told when other keys of an issuer's answer are ignored than before, each with its reason */
export function createIssuers(
  configs: readonly SessionConfig[],
  onIgnoredKeys: (issuer: string, ignored: readonly string[]) => void,
): readonly Issuer[] {
  return configs
    .filter(({ keys }) => keys.sealed === undefined)
    .map((config) => ({
      config,
      keys: keysOf(config, (ignored) => {
        onIgnoredKeys(config.issuer, ignored);
      }),
    }));
}

/**
 * Verifies the session of a request: finds its token, holds its origin against the allowed ones, opens it
 * where it is a sealed cookie, else picks the issuer by `iss`, checks the signature and the registered
 * claims; then the entry's own rules for impersonation, `require`, tenant and user.
 *
 * `exp` and `iat` are required here because jose checks them only where they are present.
 *
 * @throws {Refusal} `session_missing`, `session_ambiguous`, `session_invalid`, `session_expired`,
 *   `origin_denied`; `session_unverifiable` when the keys cannot be fetched
 * @see https://www.rfc-editor.org/rfc/rfc8725 JSON Web Token Best Current Practices
 */
export function createVerifySession(
  issuers: readonly Issuer[],
  allowed: readonly string[],
  sealed: readonly SealedSessions[] = [],
): VerifySession {
  const byIssuer = new Map<unknown, Issuer>(issuers.map((issuer) => [issuer.config.issuer, issuer]));
  const byCookie = new Map(
    sealed.flatMap((sessions) =>
      sessions.config.tokens.map((place) => [placeName(place), sessions] as const),
    ),
  );
  const places = distinct([...issuers, ...sealed].flatMap(({ config }) => config.tokens));
  const allowedOrigins = new Set(allowed);

  return async (credentials) => {
    const { token, places: holding } = findToken(credentials, places);
    const isCookie = holding.every(({ kind }) => kind !== 'bearer');
    checkOrigin(credentials, { allowedOrigins, isCookie });
    for (const place of holding) {
      const sessions = byCookie.get(placeName(place));
      if (!sessions) continue;
      return judgedBy(sessions.config, async () => {
        checkPlaces(sessions.config, holding);
        return toSession(token, await sessions.open(token, place), sessions.config);
      });
    }
    const claims = readUnverifiedClaims(token);
    const issuer = byIssuer.get(claims.get('iss'));
    if (!issuer) throw invalid('unknown issuer');
    return judgedBy(issuer.config, async () => {
      checkPlaces(issuer.config, holding);
      const unsafe = unsafeTime(claims);
      if (unsafe !== undefined) throw invalid(`${unsafe} is no whole number of seconds`);
      await verifyToken(token, issuer);
      return toSession(token, claims, issuer.config);
    });
  };
}

/** Names the entry in whatever it refuses, for the log. */
async function judgedBy(
  { issuer }: SessionConfig,
  judge: () => Promise<VerifiedSession>,
): Promise<VerifiedSession> {
  try {
    return await judge();
  } catch (error) {
    throw error instanceof Refusal ? new Refusal(error.code, { ...error.parts, issuer }) : error;
  }
}

async function verifyToken(token: string, { config, keys }: Issuer): Promise<void> {
  try {
    await jwtVerify(token, keys.find, {
      issuer: config.issuer,
      ...(config.audience === undefined ? {} : { audience: config.audience }),
      algorithms: [...config.algorithms],
      clockTolerance: config.clockTolerance / 1000,
      maxTokenAge: config.maxAge / 1000,
      requiredClaims: ['exp', 'iat'],
    });
  } catch (error) {
    throw toRefusal(error);
  }
}

function toRefusal(error: unknown): unknown {
  if (error instanceof KeysUnavailable) return new Refusal('session_unverifiable', { reason: error.message });
  if (error instanceof errors.JWTExpired) return new Refusal('session_expired', { reason: error.claim });
  if (error instanceof errors.JOSEError) return invalid(reasonFor(error));
  // jose and WebCrypto throw these two for keys and tokens they cannot work with
  if (error instanceof TypeError || error instanceof DOMException) return invalid(error.name);
  return error;
}

function toSession(token: string, claims: Claims, config: SessionConfig): VerifiedSession {
  const { issuer } = config;
  const isImpersonated = hasActor(claims, config);
  if (isImpersonated && !config.impersonation) throw invalid('impersonated');
  const tenant = identifier(config.tenant, { claims, issuer }, 'tenant');
  const user = identifier(config.user, { claims, issuer }, 'user');
  const session = { claims, issuer, tenant, user };
  for (const [index, rule] of config.require.entries()) {
    if (evaluateOrRefuse(rule, session, `require[${index}]`) !== true) {
      throw invalid(`require[${index}] is not true`);
    }
  }
  const marked = isImpersonated ? { ...session, impersonated: true as const } : session;
  return { ...marked, token: sessionToken(token, session, config) };
}

/** RFC 8693, section 4.1; whatever it holds. */
function hasActor(claims: Claims, { keys: { sealed } }: SessionConfig): boolean {
  const own = sealed && sealedForms[sealed.format].userClaims(claims);
  return claims.has('act') || own?.has('act') === true;
}

function identifier(expression: Expression, variables: Variables, what: string): string {
  const value = evaluateOrRefuse(expression, variables, what);
  if (typeof value === 'string' && isIdentifier(value)) return value;
  throw invalid(`${what} is blank, no text or no plain text`);
}

function evaluateOrRefuse(expression: Expression, variables: Variables, what: string): Value | undefined {
  return expression.evaluate(variables, (why) => {
    if (why === 'cost limit exceeded') throw invalid(`${what}: ${why}`);
  });
}

function checkPlaces({ tokens }: SessionConfig, holding: readonly TokenPlace[]): void {
  const accepted = new Set(tokens.map(placeName));
  if (holding.every((place) => accepted.has(placeName(place)))) return;
  throw invalid('not a place for this issuer’s tokens');
}

function distinct(places: readonly TokenPlace[]): readonly TokenPlace[] {
  return [...new Map(places.map((place) => [placeName(place), place])).values()];
}
