import { z } from 'zod';
import { certificates, secret } from './fields.ts';
import { Secret } from './secret.ts';

const redisUrl = z
  .string()
  .describe('redis:// or rediss:// URL, password included (a secret: use ${env:NAME} or ${file:/path})')
  .meta({ writeOnly: true })
  .transform((text, context) => {
    const message = wrongIn(text);
    if (message === undefined) return new Secret(text);
    context.issues.push({ code: 'custom', message, input: text });
    return z.NEVER;
  });

/** Servers of one system: what is said of one must hold for each. */
const redisUrls = z
  .array(redisUrl)
  .min(1)
  .superRefine((urls, context) => {
    const [first] = urls.map(withoutAddress);
    for (const [index, url] of urls.entries()) {
      if (withoutAddress(url) === first) continue;
      const message = 'must have the scheme, user, password and database of the first URL';
      context.addIssue({ code: 'custom', path: [index], message });
    }
  });

const clusterUrls = redisUrls.superRefine((urls, context) => {
  for (const [index, url] of urls.entries()) {
    if (databaseIn(new URL(url.reveal())) === 0) continue;
    context.addIssue({ code: 'custom', path: [index], message: 'a Cluster has no database but 0' });
  }
});

const sentinelSchema = z
  .strictObject({
    name: z.string().min(1).describe('name of the master set'),
    urls: redisUrls.describe(
      'the sentinels; the default port is 26379, user and password are theirs, a database number is the master’s',
    ),
    username: z
      .string()
      .min(1)
      .describe('ACL user on the master; left out: the user of `urls`, or none beside a `password`')
      .optional(),
    password: secret('password of the master; left out: that of `urls`').optional(),
  })
  .refine(({ username, password }) => username === undefined || password !== undefined, {
    path: ['password'],
    message: 'is missing beside `username`',
  })
  .describe('a master found through sentinels');

export const redisSchema = z
  .strictObject({
    url: redisUrl.optional(),
    cluster: clusterUrls.describe('some nodes of a Redis Cluster').optional(),
    sentinel: sentinelSchema.optional(),
    ca: certificates('the only ones that may vouch for these servers, by rediss://').optional(),
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
  .refine(
    ({ ca, url, cluster, sentinel }) => ca === undefined || isTls(url ?? cluster?.[0] ?? sentinel?.urls[0]),
    {
      path: ['ca'],
      message: 'is of no use without rediss://',
    },
  )
  .describe('where limits and combinations are shared; left out: one process, everything in memory');

function wrongIn(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') {
    return 'must be a redis:// or rediss:// URL';
  }
  // ioredis would take options from a query, the time-outs among them
  if (url.search !== '' || url.hash !== '') return 'must not have a query or fragment';
  if (!/^(?:\/\d{0,5})?$/.test(url.pathname)) return 'must end with its port or a database number such as /1';
  if (![url.username, url.password].every(isDecodable)) {
    return 'has a % in user or password that must be written %25';
  }
  return undefined;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** The number of the database that a Redis URL names; 0 where it names none. */
export function databaseIn({ pathname }: URL): number {
  return Number(pathname.slice(1));
}

function isTls(url: Secret | undefined): boolean {
  return url?.reveal().startsWith('rediss:') === true;
}

function withoutAddress(secretUrl: Secret): string {
  const url = new URL(secretUrl.reveal());
  return JSON.stringify([url.protocol, url.username, url.password, databaseIn(url)]);
}
