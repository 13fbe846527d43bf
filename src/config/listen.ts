import { isIP } from 'node:net';
import { z } from 'zod';
import { secret } from './fields.ts';

/** Of both listeners: reached from this machine alone. */
export const defaultHost = '127.0.0.1';
export const defaultPorts = { listen: 8080, operations: 9090 } as const;

/** A name, an IPv4 address or an IPv6 address in brackets, and perhaps a port. */
const hostNamePattern = /^(?:[A-Za-z\d](?:[A-Za-z\d_.-]*[A-Za-z\d])?|\[[\dA-Fa-f:.]+\])(?::\d{1,5})?$/;

const host = (fallback: string) =>
  z.string().min(1, 'is empty').describe('address to listen on').default(fallback);

const port = (fallback: number) =>
  z.int().min(0).max(65_535).describe('TCP port; 0 takes any free one').default(fallback);

const addressRange = z
  .string()
  .refine(isAddressRange, 'must be an IP address or a range such as 10.0.0.0/8')
  .describe('IP address or CIDR range');

const origin = z
  .string()
  .refine((text) => !text.includes('*'), {
    message: 'has a *, which is not supported: name each origin',
    abort: true,
  })
  .refine(isOrigin, 'must be an origin such as https://app.example.com: scheme and host, no path')
  .describe('browser origin: scheme, host and port');

const hostName = z
  .string()
  .regex(hostNamePattern, 'must be a host such as metrics.internal or metrics.internal:9090')
  .describe('host name or IP address ([…] for IPv6), with a port or without');

export const listenSchema = z
  .strictObject({
    host: host(defaultHost),
    port: port(defaultPorts.listen),
    trustedProxies: z
      .array(addressRange)
      .describe('proxies whose X-Forwarded-For names the client; none: the header is ignored')
      .default([]),
    allowedOrigins: z
      .array(origin)
      .describe('browser origins that may call; none: the same origin only')
      .default([]),
    maxConnections: z
      .int()
      .min(1)
      .max(1_000_000)
      .describe(
        'connections served at a time; more are answered 503. Left out: half of the files that the process may open, at most 10000',
      )
      .optional(),
  })
  .describe('the public listener');

export const operationsSchema = z
  .strictObject({
    host: host(defaultHost),
    port: port(defaultPorts.operations),
    allowedHosts: z
      .array(hostName)
      .describe(
        'names that requests may give as their Host, beside localhost, the configured host and the address that they reach',
      )
      .default([]),
    token: secret(
      'bearer token kept for a status page to come; it guards nothing yet: health and metrics do not ask for it',
    ).optional(),
  })
  .describe('the listener of health and metrics, never public');

function isAddressRange(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const bitsMax = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (prefix === undefined) return bitsMax > 0;
  return rest.length === 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bitsMax;
}

/**
 * The host of an origin, or an IPv6 address. The URL parser takes many more characters for a host, such as
 * `;` and `,`, and our Content-Security-Policy, which holds every origin as it stands, would end at them.
 */
const originHost = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:]+\])$/;

/** @see https://www.w3.org/TR/CSP3/#grammardef-host-source */
function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, origin, hostname } = new URL(text);
  return ['https:', 'http:'].includes(protocol) && origin === text && originHost.test(hostname);
}
