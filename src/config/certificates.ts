import { X509Certificate } from 'node:crypto';

const certificateBlock = /-----BEGIN CERTIFICATE-----[\w+/=\s]+?-----END CERTIFICATE-----/g;

/**
 * Reads a text that holds certificates in PEM form and nothing else of substance.
 *
 * @returns undefined when a block cannot be read, is something else than a certificate, or none is there
 * @see https://www.rfc-editor.org/rfc/rfc7468#section-5 text around the blocks is explanation
 */
export function readCertificates(text: string): readonly X509Certificate[] | undefined {
  const blocks = text.match(certificateBlock) ?? [];
  if (blocks.length === 0 || text.replace(certificateBlock, '').includes('-----')) return undefined;
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return undefined; // OpenSSL's own message may hold a part of the text
  }
}
