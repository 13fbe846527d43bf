import { isIP } from 'node:net';
import { z } from 'zod';
import { secret } from './fields.ts';
import { Secret } from './secret.ts';

/** Of both listeners: reached from this machine alone. */
export const defaultHost = '127.0.0.1';
export const defaultPorts = { listen: 8080, operations: 9090 } as const;

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
  .refine(isOrigin, 'must be an origin such as https://app.example.com: scheme and host, no path')
  .describe('browser origin: scheme, host and port');

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
  })
  .describe('the public listener');

export const operationsSchema = z
  .strictObject({
    host: host(defaultHost),
    port: port(defaultPorts.operations),
    token: secret(
      'bearer token that guards the status page; health and metrics do not ask for it',
    ).optional(),
  })
  .describe('the listener of health and metrics, never public');

const redisUrl = z
  .string()
  .refine(isRedisUrl, 'must be a redis:// or rediss:// URL')
  .describe('redis:// or rediss:// URL, password included (a secret: use ${env:NAME} or ${file:/path})')
  .meta({ writeOnly: true })
  .transform((text) => new Secret(text));

export const redisSchema = z
  .strictObject({
    url: redisUrl.optional(),
    cluster: z.array(redisUrl).min(1).describe('some nodes of a Redis Cluster').optional(),
    sentinel: z
      .strictObject({
        name: z.string().min(1).describe('name of the master set'),
        urls: z.array(redisUrl).min(1).describe('the sentinels'),
      })
      .describe('a master found through sentinels')
      .optional(),
    whenDown: z
      .enum(['local', 'refuse'])
      .describe('local: each process limits by itself; refuse: 503 until Redis is back')
      .default('local'),
    replicas: z
      .int()
      .min(1)
      .max(1000)
      .describe('how many gateways share a budget that each counts by itself while Redis is down')
      .default(1),
  })
  .describe('where limits and combinations are shared; left out: one process, everything in memory');

function isAddressRange(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const bitsMax = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (prefix === undefined) return bitsMax > 0;
  return rest.length === 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bitsMax;
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return ['https:', 'http:'].includes(url.protocol) && url.origin === text;
}

function isRedisUrl(text: string): boolean {
  return URL.canParse(text) && ['redis:', 'rediss:'].includes(new URL(text).protocol);
}
