import { isIPv4 } from 'node:net';
import { expressionsIn } from './expressions-in.ts';
import type { Spot } from './problems.ts';
import type { Product } from './product.ts';
import { products } from './products.ts';
import type { Config } from './schema.ts';

/** Notes a warning at a place in the file. */
export type Warn = (spot: Spot, message: string) => void;

/**
 * What loads and is most likely a mistake. Warnings stand beside problems: `check` prints them and exits
 * with 0, `serve` logs each once at its start, and `check --strict` counts them as problems.
 *
 * @param config a configuration that has no problems
 */
export function collectWarnings(config: Config, warn: Warn): void {
  warnAboutProxies(config, warn);
  warnAboutProviders(config, warn);
  warnAboutGrowth(config, warn);
}

function warnAboutProxies({ listen }: Config, warn: Warn): void {
  for (const [index, range] of listen.trustedProxies.entries()) {
    if (!isWiderThanPrivate(range)) continue;
    warn(
      { path: ['listen', 'trustedProxies', index] },
      'is wider than any private network: clients in it can choose the address that their limit counts under',
    );
  }
}

/** Wider than 10.0.0.0/8 (RFC 1918) or fc00::/7 (RFC 4193). IPv4 may be written as IPv6 (`::ffff:0:0/96`). */
function isWiderThanPrivate(range: string): boolean {
  const [address = '', prefix] = range.split('/');
  if (prefix === undefined) return false;
  if (isIPv4(address)) return Number(prefix) < 8;
  const isMapped = /^::ffff:/i.test(address) && Number(prefix) >= 96;
  return Number(prefix) < (isMapped ? 96 + 8 : 7);
}

function warnAboutProviders({ providers }: Config, warn: Warn): void {
  for (const [name, provider] of providers) {
    const product: Product = products[provider.kind];
    product.warn?.(provider, (path, message) => {
      warn({ path: ['providers', name, ...path] }, message);
    });
  }
}

function warnAboutGrowth(config: Config, warn: Warn): void {
  for (const { path, expression } of expressionsIn(config)) {
    const { growth } = expression;
    if (growth) warn({ path, within: growth.offset }, growth.message);
  }
}
