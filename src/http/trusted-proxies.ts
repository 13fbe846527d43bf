import { BlockList, isIP } from 'node:net';

/**
 * Whether an address is one of the proxies whose `X-Forwarded-For` is used. An IPv4 range also holds the
 * same addresses in their IPv6 form (`::ffff:10.0.0.1`), as a dual-stack listener sees them.
 *
 * @param ranges IP addresses or CIDR ranges, as the configuration accepts them
 * @returns false where there are none: then the header is ignored
 */
export function createTrustProxy(ranges: readonly string[]): false | ((address: string) => boolean) {
  if (ranges.length === 0) return false;
  const trusted = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    if (prefix === undefined) trusted.addAddress(address, familyOf(address));
    else trusted.addSubnet(address, Number(prefix), familyOf(address));
  }
  return (address) => isIP(address) !== 0 && trusted.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
