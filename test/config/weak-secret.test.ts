import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { weaknessOf } from '../../src/config/weak-secret.ts';

describe('a secret that others may know is told', () => {
  it.each([
    'secret',
    'changeme',
    'your-secret-here',
    'a-string-secret-at-least-256-bits-long',
    'super-secret-jwt-token-with-at-least-32-characters-long',
    'use [openssl rand -hex 32] to generate a 32 bytes value',
    'your-super-secret-key-change-this-in-production',
    'your-nextauth-secret-here-please-change-it',
    'complex_password_at_least_32_characters_long',
    'THIS_IS_A_SECRET_VALUE_WITH_AT_LEAST_32_CHARACTERS',
    'insecure-default-secret-do-not-use-in-production',
    'changemechangemechangemechangeme',
    '0123456789abcdef0123456789abcdef',
    '12345678901234567890123456789012',
    'abcdefghijklmnopqrstuvwxyz123456',
    'x'.repeat(64),
    ' '.repeat(64),
    'secret'.repeat(20),
  ])('%s', (secret) => {
    expect(weaknessOf(secret)).toBeDefined();
  });
});

it.each<[string, () => string]>([
  ['npx auth secret', () => randomBytes(32).toString('base64')],
  ['openssl rand -hex 32', () => randomBytes(32).toString('hex')],
  ['openssl rand -hex 16', () => randomBytes(16).toString('hex')],
  ['32 characters of base64url', () => randomBytes(24).toString('base64url')],
  ['a UUID', () => randomUUID()],
  ['what someone put a word in front of', () => `prod-auth-secret-${randomBytes(32).toString('hex')}`],
])('random ones are not: %s', (_, random) => {
  const weak = Array.from({ length: 2000 }, random).filter((secret) => weaknessOf(secret) !== undefined);
  expect(weak).toEqual([]);
});
