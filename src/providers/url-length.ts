import { Refusal } from '../gateway/refusal.ts';

/** Longer than any product's own, and about what servers and proxies on the way to a frame take. */
const urlCharactersMax = 8192;

export function isTooLong(url: string): boolean {
  return url.length > urlCharactersMax;
}

/**
 * @returns the URL, which is ASCII, so that a character is a byte
 * @throws {Refusal} `provider_unavailable`: no browser could be sure to open it
 */
export function ofUsableLength(url: string): string {
  if (!isTooLong(url)) return url;
  throw new Refusal('provider_unavailable', { reason: 'the URL is over 8192 characters' });
}
