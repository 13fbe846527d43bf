import fc from 'fast-check';
import { claims, encode, issuer, nowSeconds, secret, signBytes } from '../session/support.ts';
import { sealBytes } from '../support/seal.ts';
import { damaged, hostileText, hostileValue, mark } from './hostile.ts';
import { genuine } from './target.ts';

type Members = Readonly<Record<string, unknown>>;

/** What stands where a token should. */
export interface Shown {
  readonly token: string;
  /** Its claims, for whoever reads of a failure. */
  readonly text?: string;
  /** The tenant as which it may be believed; left out where it must be refused. */
  readonly tenant?: string | undefined;
}

const good = genuine();

/** Some of these members, and others, with values of any type. */
function members(...names: readonly string[]): fc.Arbitrary<Members> {
  const name = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...names) }, hostileText);
  return fc.dictionary(name, hostileValue, { maxKeys: 4, noNullPrototype: true });
}

const header = members('alg', 'kid', 'typ', 'crit', 'jwk', 'jku', 'x5c', 'b64', 'zip', 'enc', 'cty');
const algorithm = fc.constantFrom('HS256', 'HS384', 'HS512', 'none', 'None', 'RS256', 'dir', 'hs256', mark);
const key = fc.constantFrom(secret, '', 'null', secret.toLowerCase());
const time = fc.constantFrom<unknown>(0, -1, 1.5, 1e300, '1', nowSeconds() - 1e6, nowSeconds() + 1e6, null);
const payload = fc.oneof(
  members('iss', 'aud', 'sub', 'exp', 'iat', 'nbf', 'org', 'act', 'jti'),
  fc.dictionary(fc.constantFrom('exp', 'iat', 'nbf'), time, { noNullPrototype: true }),
);
const extra = fc.constantFrom('"org":"globex",', ',', '{', '"', '\\u0000', '\ufeff', '9'.repeat(30), '1e400');
const nearlyJson = damaged(fc.constant(JSON.stringify(claims())), extra);
const visible = hostileText.map((text) => text.replace(/[^\x21-\x7e\xa1-\xff]/g, '~'));

/** Tokens in all states between right and noise: cut, swapped, re-encoded, signed otherwise, with claims of any type. */
export const hostileToken: fc.Arbitrary<Shown> = fc.oneof(
  damaged(fc.constant(good), fc.oneof(fc.constantFrom('.', '=', '-', '_', '+', 'A'), visible)).map(asCut),
  visible.map(asCut),
  fc
    .array(fc.uint8Array({ maxLength: 60 }).map(encode), { maxLength: 6 })
    .map((parts) => asCut(parts.join('.'))),
  fc.tuple(header, algorithm, key).map(([fields, alg, signedWith]) => {
    const written = { alg, ...fields };
    const isBase64 = !('b64' in written) || written.b64 === true;
    const isPlain = isBase64 && !['crit', 'zip', 'enc'].some((name) => name in written);
    return {
      token: signBytes(JSON.stringify(claims()), { header: written, key: signedWith }),
      tenant: isPlain && written.alg === 'HS256' && signedWith === secret ? 'acme' : undefined,
    };
  }),
  payload.map((fields) => signed(JSON.stringify(claims(fields)))),
  nearlyJson.map(signed),
  fc.uint8Array({ maxLength: 80 }).map((bytes) => ({ token: signBytes(bytes) })),
  payload.map((fields) => sealed(JSON.stringify(claims(fields)))),
  nearlyJson.map(sealed),
  header.map((fields) => ({ token: sealBytes('{}', { header: { alg: 'dir', enc: 'A256GCM', ...fields } }) })),
);

/** A cookie's value ends at a semicolon, and may stand in quotes. */
function asCut(token: string): Shown {
  return { token, tenant: token.split(/[;"]/).includes(good) ? 'acme' : undefined };
}

function signed(text: string): Shown {
  return { token: signBytes(text), text, tenant: tenantIn(text, isOurs) };
}

/** Whoever could seal is the host itself, so no issuer and no audience are asked for. */
function sealed(text: string): Shown {
  return { token: sealBytes(text), text, tenant: tenantIn(text, () => true) };
}

function isOurs({ iss, aud }: Members): boolean {
  return iss === issuer && [aud].flat().includes('analytics');
}

/** Whom claims name, where nothing forbids to believe them. */
function tenantIn(text: string, isAccepted: (claims: Members) => boolean): string | undefined {
  try {
    const claims = JSON.parse(text) as Members;
    const { sub, exp, iat, org, act } = claims;
    const isTimely =
      Number.isSafeInteger(exp) && Number.isSafeInteger(iat) && Number(exp) > nowSeconds() - 60;
    const isSomebody = [sub, org].every((name) => typeof name === 'string' && name.trim() !== '');
    const isOnce = text.match(/"org"/g)?.length === 1 && act === undefined;
    return isAccepted(claims) && isTimely && isSomebody && isOnce ? String(org) : undefined;
  } catch {
    return undefined;
  }
}
