import type { FastifyRequest } from 'fastify';
import type { Credentials } from '../gateway/session.ts';

/** The part of a request that says who sends it and from where. No `X-Forwarded-*` is among it. */
export function credentialsOf({ raw }: FastifyRequest): Credentials {
  const { headers, headersDistinct } = raw;
  const fetchSite = headers['sec-fetch-site'];
  return {
    authorization: headersDistinct.authorization ?? [],
    cookie: headers.cookie ?? '',
    origin: headers.origin,
    referer: headers.referer,
    host: headers.host,
    fetchSite: Array.isArray(fetchSite) ? fetchSite.join() : fetchSite,
  };
}
