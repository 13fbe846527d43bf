import { randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';

export const issuer = 'https://login.example.com/';
export const audience = 'analytics';

/** The host application's secret, fresh in every run. */
export const sessionSecret = randomBytes(32).toString('hex');

/** The session of one reader, as the host application would sign it. */
export async function signSession(reader: {
  readonly tenant: string;
  readonly user: string;
}): Promise<string> {
  const { tenant, user } = reader;
  return new SignJWT({ sub: user, org_id: tenant })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(Buffer.from(sessionSecret));
}
