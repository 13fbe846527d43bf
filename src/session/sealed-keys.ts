import { createHash, hkdfSync } from 'node:crypto';
import type { SealedConfig } from '../config/sealed.ts';
import { sealedForms, type Encryption } from './sealed-formats.ts';

/** A key that opens the cookies of one name, for the one content encryption it was derived for. */
export interface SealedKey {
  readonly encryption: Encryption;
  readonly bytes: Uint8Array;
  /** As Auth.js writes it into the header, to tell which of several secrets it used. */
  readonly kid: string;
}

const keyBytes = { A256GCM: 32, 'A256CBC-HS512': 64 } satisfies Record<Encryption, number>;

/** The keys of a cookie's name, one for each secret and encryption, in the order of the secrets. */
export function deriveKeys({ format, secret: secrets }: SealedConfig, cookie: string): readonly SealedKey[] {
  const { encryptions, derivation } = sealedForms[format];
  const { salt, info } = derivation(cookie);
  return secrets.flatMap((secret) =>
    encryptions.map((encryption): SealedKey => {
      const bytes = new Uint8Array(hkdfSync('sha256', secret.reveal(), salt, info, keyBytes[encryption]));
      return { encryption, bytes, kid: thumbprint(bytes) };
    }),
  );
}

/** With SHA-512 for a key of 64 bytes and SHA-256 for one of 32. @see https://www.rfc-editor.org/rfc/rfc7638#section-3 */
function thumbprint(key: Uint8Array): string {
  const members = JSON.stringify({ k: Buffer.from(key).toString('base64url'), kty: 'oct' });
  return createHash(`sha${key.length * 8}`)
    .update(members)
    .digest('base64url');
}
