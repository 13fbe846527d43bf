const fingerprintPrimeMax = 167;
/** NIST SP 800-56B Rev. 2, section 6.4.2.1: a modulus has no factor below 752. */
const factorMax = 751;
/** Steps of Fermat's method: two primes drawn at random are never so near to each other. */
const fermatSteps = 4;

const smallPrimes = primesUpTo(factorMax);

/** For each prime of the fingerprint, the residues that the powers of 65537 have. */
const fingerprint = smallPrimes
  .filter((prime) => prime > 2 && prime <= fingerprintPrimeMax)
  .map((prime) => ({ prime: BigInt(prime), residues: powersModulo(65_537 % prime, prime) }));

/**
 * How the private key follows from an RSA modulus, as far as that shows at little cost; undefined for a
 * modulus that shows nothing. An honest one shows something once in 2^27 times.
 *
 * @see https://crocs.fi.muni.cz/public/papers/rsa_ccs17 ROCA, section 3.3: the fingerprint
 * @see https://fermatattack.secvuln.info primes that are close together
 */
export function modulusWeakness(modulus: bigint): string | undefined {
  if (smallPrimes.some((prime) => modulus % BigInt(prime) === 0n)) return 'its modulus has a small factor';
  if (hasRocaFingerprint(modulus)) return 'it has the ROCA fingerprint (CVE-2017-15361)';
  return isProductOfNeighbours(modulus) ? 'its primes are close together (CVE-2022-26320)' : undefined;
}

/**
 * Primes of Infineon's library are k·M + (65537^a mod M), with M a product of small primes. So modulo each of
 * those their product is a power of 65537, which another modulus is only by chance.
 */
function hasRocaFingerprint(modulus: bigint): boolean {
  return fingerprint.every(({ prime, residues }) => residues.has(Number(modulus % prime)));
}

function powersModulo(base: number, prime: number): ReadonlySet<number> {
  const powers = new Set([1]);
  for (let power = base; power !== 1; power = (power * base) % prime) powers.add(power);
  return powers;
}

/** Fermat: where p and q are near to each other, (p + q) / 2 is the root of p·q, rounded up, or little more. */
function isProductOfNeighbours(modulus: bigint): boolean {
  const root = integerRoot(modulus);
  let middle = root * root === modulus ? root : root + 1n;
  for (let step = 0; step < fermatSteps; step += 1, middle += 1n) {
    const rest = middle * middle - modulus;
    if (integerRoot(rest) ** 2n === rest) return true;
  }
  return false;
}

/** The square root, rounded down: Newton's method, from above. */
function integerRoot(square: bigint): bigint {
  if (square < 2n) return square;
  let root = 1n << BigInt(Math.ceil(square.toString(16).length * 2));
  for (;;) {
    const next = (root + square / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

function primesUpTo(max: number): readonly number[] {
  const primes: number[] = [];
  for (let candidate = 2; candidate <= max; candidate += 1) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  }
  return primes;
}
