import type { X509Certificate } from 'node:crypto';
import { readCertificates } from '../config/certificates.ts';
import type { PublishedKey } from './published-key.ts';

/**
 * Reads a table from kid to certificate in PEM form, as Google publishes the keys of Firebase. What is
 * trusted is the address that the table came from, as with a key set; of a certificate only its key
 * counts, and that now is within its time.
 *
 * @returns undefined for an answer that is no such table, that is with any other value in it
 * @see https://firebase.google.com/docs/auth/admin/verify-id-tokens#verify_id_tokens_using_a_third-party_jwt_library
 */
export function readCertificateMap(
  document: Readonly<Record<string, unknown>>,
): readonly PublishedKey[] | undefined {
  const keys = Object.entries(document).map(([kid, text]) => read(kid, text));
  return keys.length > 0 && keys.every((key) => key !== undefined) ? keys : undefined;
}

function read(kid: string, text: unknown): PublishedKey | undefined {
  const [certificate, ...others] = (typeof text === 'string' ? readCertificates(text) : undefined) ?? [];
  if (!certificate || others.length > 0) return undefined;
  if (Date.parse(certificate.validFrom) > Date.now()) return { fault: 'a certificate of a time to come' };
  if (Date.parse(certificate.validTo) < Date.now()) return { fault: 'an expired certificate' };
  const key = publicKeyOf(certificate);
  return key ? { key, binding: { kid } } : { fault: 'not readable' };
}

function publicKeyOf(certificate: X509Certificate): PublishedKey['key'] {
  try {
    return certificate.publicKey;
  } catch {
    return undefined;
  }
}
