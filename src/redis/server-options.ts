import type { RedisOptions } from 'ioredis';
import { databaseIn } from '../config/redis.ts';
import type { Secret } from '../config/secret.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export function addressOf(url: Secret, defaultPort = 6379): Address {
  const { hostname, port } = new URL(url.reveal());
  // an IPv6 address stands in brackets in a URL, and without them on a socket
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: port === '' ? defaultPort : Number(port) };
}

/**
 * All that a URL says of a server besides its address. With TLS its certificate must be of its host.
 *
 * @param ca certificates in PEM form that may vouch for the server; undefined for those that Node ships with
 */
export function optionsOf(
  url: Secret,
  ca: string | undefined,
): Pick<RedisOptions, 'username' | 'password' | 'db' | 'tls'> {
  const parsed = new URL(url.reveal());
  const { protocol, username, password } = parsed;
  return {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: ca === undefined ? {} : { ca } } : {}),
    db: databaseIn(parsed),
  };
}
