import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';

export const authSecret = 'q0b9hJc3XvR7mW2yTz5LkN8dPf1GsA4uEiQo6VxBtMw=';
export const authSecretOld = 'mY7wKc2PzV9rTbX4nLqH6sJd8fG3aUe1oIi5WtDvRx0=';

export interface SealOptions {
  /** Default next-auth 4. */
  readonly info?: string;
  readonly salt?: string;
  readonly secret?: string;
  /** An object, or the text of a broken one. */
  readonly header?: object | string;
}

/** The key that next-auth 4 derives, for sealing otherwise. */
export function nextAuthKey(secret = authSecret): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', 'NextAuth.js Generated Encryption Key', 32));
}

/** Seals a payload as it stands, however broken, with A256GCM under a key derived as next-auth 4 derives it. */
export function sealBytes(payload: string | Uint8Array, options: SealOptions = {}): string {
  const { info = 'NextAuth.js Generated Encryption Key', salt = '', secret = authSecret } = options;
  const { header = { alg: 'dir', enc: 'A256GCM' } } = options;
  const key = Buffer.from(hkdfSync('sha256', secret, salt, info, 32));
  const initial = randomBytes(12);
  const protectedHeader = encode(typeof header === 'string' ? header : JSON.stringify(header));
  const cipher = createCipheriv('aes-256-gcm', key, initial).setAAD(Buffer.from(protectedHeader));
  const text = Buffer.concat([cipher.update(payload), cipher.final()]);
  return [protectedHeader, '', ...[initial, text, cipher.getAuthTag()].map(encode)].join('.');
}

function encode(part: string | Uint8Array): string {
  return Buffer.from(part).toString('base64url');
}
