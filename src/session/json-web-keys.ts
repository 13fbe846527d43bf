import { createPublicKey, type JsonWebKeyInput } from 'node:crypto';
import type { Algorithm } from '../config/algorithms.ts';
import type { PublishedKey } from './published-key.ts';

type JsonWebKey = Readonly<Record<string, unknown>>;

/**
 * Reads a JSON Web Key Set. Of each key only the public numbers and what binds it are taken: a
 * certificate that it carries (`x5c`, `x5u`) is not looked at.
 *
 * @returns undefined for an answer that is no such set
 * @see https://www.rfc-editor.org/rfc/rfc7517#section-4
 */
export function readJsonWebKeys(
  { keys }: Readonly<Record<string, unknown>>,
  algorithms: readonly Algorithm[],
): readonly PublishedKey[] | undefined {
  return Array.isArray(keys) && keys.every(isObject) ? keys.map((key) => read(key, algorithms)) : undefined;
}

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'priv'];
const publicTypes: readonly unknown[] = ['RSA', 'EC', 'OKP'];

function read(jwk: JsonWebKey, algorithms: readonly Algorithm[]): PublishedKey {
  if (Object.hasOwn(jwk, 'k')) return { fault: 'a shared secret' };
  // whoever could read the answer may sign with it
  if (privateMembers.some((member) => Object.hasOwn(jwk, member))) return { fault: 'a private key' };
  if (!publicTypes.includes(jwk.kty) || !isForSignatures(jwk, algorithms)) return {};
  if (jwk.kid !== undefined && typeof jwk.kid !== 'string') return { fault: 'one whose kid is no text' };
  const { kty, n, e, crv, x, y } = jwk;
  try {
    const key = createPublicKey({ key: { kty, n, e, crv, x, y } as JsonWebKeyInput['key'], format: 'jwk' });
    return { key, binding: bindingOf(jwk) };
  } catch {
    return { fault: 'not readable' };
  }
}

function isForSignatures({ use, alg, key_ops: uses }: JsonWebKey, algorithms: readonly unknown[]): boolean {
  const mayVerify = uses === undefined || (Array.isArray(uses) && uses.includes('verify'));
  return (use === undefined || use === 'sig') && (alg === undefined || algorithms.includes(alg)) && mayVerify;
}

function bindingOf(jwk: JsonWebKey): Readonly<Record<string, unknown>> {
  const names = ['kid', 'alg', 'use', 'key_ops'].filter((name) => jwk[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, jwk[name]]));
}

function isObject(value: unknown): value is JsonWebKey {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
