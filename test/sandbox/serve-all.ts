import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startGateway, type RunningGateway } from '../support/gateway.ts';

/**
 * A gateway over the sandbox's stand-ins for Cube and Metabase.
 *
 * @param embeds YAML, indented by two
 * @param frames YAML of Cube's `frames`, indented by six
 */
export async function serveAll(sandbox: Sandbox, embeds: string, frames = ' {}'): Promise<RunningGateway> {
  const config = `
listen: { port: 0, allowedOrigins: ["${sandbox.hostPageUrl}"] }
operations: { port: 0 }
sessions:
  - issuer: ${sandbox.issuer}
    audience: analytics
    tokens: [bearer, cookie:session]
    keys: { jwks: "${sandbox.jwksUrl}" }
    algorithms: [RS256]
    tenant: claims.org_id
providers:
  cube:
    kind: cube
    baseUrl: ${sandbox.cubeBaseUrl}
    apiKey: \${env:CUBE_API_KEY}
    deployment: ${sandbox.cubeDeployment}
    frames:${frames}
  metabase:
    kind: metabase
    siteUrl: ${sandbox.metabaseSiteUrl}
    secretKey: \${env:METABASE_SECRET_KEY}
embeds:${embeds}
`;
  return startGateway(config, {
    CUBE_API_KEY: sandbox.cubeApiKey,
    METABASE_SECRET_KEY: sandbox.metabaseSecretKey,
  });
}
