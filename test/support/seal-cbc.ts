import { createCipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { authSecret } from './seal.ts';

/** What may be wrong with a cookie that the right key sealed. */
export interface CbcOptions {
  readonly iv?: Buffer;
  /** The text as it is encrypted, padding included. */
  readonly padded?: Buffer;
  /** Changes what the tag is made of: additional data, initial value, encrypted text and the length. */
  readonly macOver?: (parts: readonly [Buffer, Buffer, Buffer, Buffer]) => readonly Buffer[];
  /** Changes the whole HMAC into the tag; default its first half. */
  readonly tag?: (mac: Buffer) => Buffer;
  readonly swapKeys?: boolean;
  readonly header?: object;
}

/**
 * Seals as Auth.js does today, with A256CBC-HS512, and wrongly where told.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-5.2.2
 */
export function sealCbc(text: string, cookie: string, options: CbcOptions = {}): string {
  const {
    iv = randomBytes(16),
    padded = pkcs7(Buffer.from(text)),
    macOver = identity,
    tag = firstHalf,
  } = options;
  const { header = { alg: 'dir', enc: 'A256CBC-HS512' } } = options;
  const info = `Auth.js Generated Encryption Key (${cookie})`;
  const key = Buffer.from(hkdfSync('sha256', authSecret, cookie, info, 64));
  const halves = [key.subarray(0, 32), key.subarray(32)];
  const [macKey = key, encryptionKey = key] = options.swapKeys === true ? halves.reverse() : halves;
  const protectedHeader = Buffer.from(JSON.stringify(header)).toString('base64url');
  // AES needs 16 bytes; whatever else is claimed stands in the token
  const aesIv = iv.length === 16 ? iv : Buffer.alloc(16);
  const cipher = createCipheriv('aes-256-cbc', encryptionKey, aesIv).setAutoPadding(false);
  const encrypted = Buffer.concat([cipher.update(padded), cipher.final()]);
  const data = Buffer.from(protectedHeader);
  const bits = Buffer.alloc(8);
  bits.writeBigUInt64BE(BigInt(data.length * 8));
  const mac = createHmac('sha512', macKey);
  for (const part of macOver([data, iv, encrypted, bits])) mac.update(part);
  return [
    protectedHeader,
    '',
    ...[iv, encrypted, tag(mac.digest())].map((part) => part.toString('base64url')),
  ].join('.');
}

/** Padding of RFC 5652, section 6.3. */
export function pkcs7(bytes: Buffer): Buffer {
  const count = 16 - (bytes.length % 16);
  return Buffer.concat([bytes, Buffer.alloc(count, count)]);
}

function identity(parts: readonly Buffer[]): readonly Buffer[] {
  return parts;
}

function firstHalf(mac: Buffer): Buffer {
  return mac.subarray(0, 32);
}
