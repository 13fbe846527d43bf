import { expect, it, onTestFinished } from 'vitest';
import { Secret } from '../../src/config/secret.ts';
import { connectRedis, waitUntilReady } from '../../src/redis/connect.ts';
import { createAuthority, type Authority } from '../support/certificates.ts';
import { startRedis, type ServerTls } from '../support/redis.ts';
import { startCluster, startSentinels } from '../support/redis-topologies.ts';

function issued(authority: Authority, names: string): ServerTls {
  return { ...authority.issue(names), authority: authority.certificate };
}

/** True once commands are answered; else what went wrong with the connection. */
async function answers(servers: Parameters<typeof connectRedis>[0], withinMs = 10_000): Promise<unknown> {
  const client = connectRedis(servers);
  onTestFinished(() => {
    client.disconnect();
  });
  let code: unknown = false;
  client.on('error', (error: object) => {
    if ('code' in error) code = error.code;
  });
  return (await waitUntilReady(client, withinMs)) || code;
}

const refusedWithinMs = 1000;

it('TLS to one Redis: the certificate must be of the host, by an authority that is trusted', async () => {
  const authority = createAuthority();
  const redis = await startRedis({ tls: issued(authority, 'IP:127.0.0.1'), password: 'its' });
  onTestFinished(() => redis.stop());
  const url = new Secret(redis.url);
  const byName = new Secret(redis.url.replace('127.0.0.1', 'localhost'));
  const [ca, another] = [authority.certificate, createAuthority().certificate];
  expect(await answers({ url, ca })).toBe(true);
  expect(await answers({ url: byName, ca }, refusedWithinMs)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  expect(await answers({ url }, refusedWithinMs)).toBe('SELF_SIGNED_CERT_IN_CHAIN');
  expect(await answers({ url, ca: another }, refusedWithinMs)).toBe('SELF_SIGNED_CERT_IN_CHAIN');
});

it('TLS to a Cluster: likewise for each node, by the name that it announces', async () => {
  const authority = createAuthority();
  const tls = issued(authority, 'DNS:localhost');
  const { servers, stop } = await startCluster({ tls, password: 'its', hostname: 'localhost' });
  onTestFinished(stop);
  const addresses = servers.map(({ url }) => new Secret(url));
  const names = servers.map(({ url }) => new Secret(url.replace('127.0.0.1', 'localhost')));
  expect(await answers({ cluster: names, ca: authority.certificate })).toBe(true);
  expect(await answers({ cluster: addresses, ca: authority.certificate }, refusedWithinMs)).toBe(false);
  expect(await answers({ cluster: names }, refusedWithinMs)).toBe(false);
}, 60_000);

it('TLS to sentinels and their master, with a password each', async () => {
  const authority = createAuthority();
  const tls = issued(authority, 'IP:127.0.0.1');
  const set = await startSentinels('main', { tls, password: 'its', sentinelPassword: 'theirs' });
  onTestFinished(set.stop);
  const urls = set.servers.slice(2).map(({ url }) => new Secret(url));
  const ca = authority.certificate;
  const sentinel = { name: 'main', urls, password: new Secret('its') };
  expect(await answers({ sentinel, ca })).toBe(true);
  expect(await answers({ sentinel }, refusedWithinMs)).toBe(false);
  // without a password of its own the master is offered that of the sentinels
  expect(await answers({ sentinel: { name: 'main', urls }, ca }, refusedWithinMs)).toBe(false);
}, 60_000);

it('a master whose certificate is of another host is refused, whatever the sentinels say', async () => {
  const authority = createAuthority();
  const [tls, sentinelTls] = [issued(authority, 'IP:127.0.0.2'), issued(authority, 'IP:127.0.0.1')];
  const set = await startSentinels('main', { tls, sentinelTls });
  onTestFinished(set.stop);
  const urls = set.servers.slice(2).map(({ url }) => new Secret(url));
  const sentinel = { name: 'main', urls };
  const refused = await answers({ sentinel, ca: authority.certificate }, refusedWithinMs);
  expect(refused).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
}, 60_000);
