import { checkPrimeSync, createPrivateKey, generatePrimeSync, randomInt, type KeyObject } from 'node:crypto';

const exponent = 65_537n;

/** The RSA key of these two primes, wrong ones too. */
export function rsaKeyOf(p: bigint, q: bigint): KeyObject {
  const d = inverse(exponent, (p - 1n) * (q - 1n));
  const members: Readonly<Record<string, bigint>> = {
    n: p * q,
    e: exponent,
    d,
    p,
    q,
    dp: d % (p - 1n),
    dq: d % (q - 1n),
    qi: inverse(q, p),
  };
  const encoded = Object.entries(members).map(([name, value]) => [name, encode(value)] as const);
  const key = { kty: 'RSA', ...Object.fromEntries<string>(encoded) };
  return createPrivateKey({ key, format: 'jwk' });
}

/**
 * A prime of 1024 bits as the library of CVE-2017-15361 makes them: k·M + (65537^a mod M), with M the product of
 * the first 126 primes.
 *
 * @see https://crocs.fi.muni.cz/public/papers/rsa_ccs17 section 2.1
 */
export function rocaPrime(): bigint {
  const product = firstPrimes(126).reduce((all, prime) => all * BigInt(prime), 1n);
  const [least, most] = [(3n << 1022n) / product + 1n, (1n << 1024n) / product - 1n];
  for (;;) {
    const k = least + (BigInt(randomInt(2 ** 47)) * (most - least)) / 2n ** 47n;
    const prime = k * product + power(exponent, BigInt(randomInt(2 ** 47)), product);
    if (checkPrimeSync(prime)) return prime;
  }
}

/** An odd prime of so many bits, as an honest library makes it. */
export function honestPrime(bits = 1024): bigint {
  return generatePrimeSync(bits, { bigint: true });
}

/** The prime that follows a number. */
export function nextPrime(after: bigint): bigint {
  let candidate = after + (after % 2n === 0n ? 1n : 2n);
  while (!checkPrimeSync(candidate)) candidate += 2n;
  return candidate;
}

function firstPrimes(count: number): readonly number[] {
  const primes: number[] = [];
  for (let candidate = 2; primes.length < count; candidate += 1) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  }
  return primes;
}

function power(base: bigint, times: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base % modulus];
  for (let left = times; left > 0n; left >>= 1n) {
    if (left % 2n === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [rest, next, factor, nextFactor] = [modulus, value % modulus, 0n, 1n];
  while (next !== 0n) {
    const times = rest / next;
    [rest, next] = [next, rest - times * next];
    [factor, nextFactor] = [nextFactor, factor - times * nextFactor];
  }
  return ((factor % modulus) + modulus) % modulus;
}

function encode(value: bigint): string {
  const digits = value.toString(16);
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex').toString('base64url');
}
