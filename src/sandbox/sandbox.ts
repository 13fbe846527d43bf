import { randomBytes } from 'node:crypto';
import { startCube } from './cube.ts';
import { deploymentId } from './cube-sessions.ts';
import { randomHexToken } from './hex-tokens.ts';
import { startHex, type HexCall } from './hex.ts';
import { startHostPage } from './host-page.ts';
import { startMetabase } from './metabase.ts';
import type { Binding } from './server.ts';

export interface SandboxOptions {
  /** Address to bind; default 127.0.0.1. */
  readonly host?: string;
  /** Name in the URLs that the sandbox hands out; default `localhost`. */
  readonly publicHost?: string;
  /** 0 = any free port. */
  readonly hostPagePort: number;
  /** 0 = any free port. */
  readonly hexPort: number;
  /** 0 = any free port. */
  readonly cubePort: number;
  /** 0 = any free port. */
  readonly metabasePort: number;
  /** Origin of the gateway as the browser reaches it, told to the host page's script. */
  readonly gatewayUrl: string;
  /** The workspace token that the stand-in Hex takes; default a fresh `hxtw_` + 96 hex characters. */
  readonly hexToken?: string;
  /** The API key that the stand-in Cube takes; default a fresh one. */
  readonly cubeApiKey?: string;
  /** The embedding secret of the stand-in Metabase, as text; default 64 fresh hex characters. */
  readonly metabaseSecretKey?: string;
  /** Presigned URLs that the stand-in Hex gives a minute; default 20, as Hex. */
  readonly callsPerMinute?: number;
}

export interface Sandbox {
  /** Origin of the host page, such as `http://localhost:4000`, without a trailing slash. */
  readonly hostPageUrl: string;
  /** `iss` of the session tokens: the host page's origin, which also serves `/.well-known/openid-configuration`. */
  readonly issuer: string;
  readonly jwksUrl: string;
  /** Such as `http://localhost:4010/api/v1`. */
  readonly hexBaseUrl: string;
  readonly hexToken: string;
  /** Such as `http://localhost:4020`. */
  readonly cubeBaseUrl: string;
  readonly cubeApiKey: string;
  /** Number of the stand-in Cube's deployment. */
  readonly cubeDeployment: number;
  /** Such as `http://localhost:4030`. */
  readonly metabaseSiteUrl: string;
  readonly metabaseSecretKey: string;
  /** What the stand-in Hex received and decided: the newest 10,000 calls, newest last. */
  readonly hexCalls: readonly HexCall[];
  /**
   * Signs a session token as the sign-in does.
   *
   * @param claims laid over the claims of the person named by `sub`, Ada by default; undefined leaves a claim out
   * @param options.expiresIn such as `5m`, or `-1m` for an expired one; default `1h`
   */
  signSession(claims: Record<string, unknown>, options?: { expiresIn?: string }): Promise<string>;
  close(): Promise<void>;
}

/**
 * Starts real HTTP servers for trying and testing the gateway without any account: stand-ins for Hex, Cube and Metabase,
 * and an application of a customer with its sign-in.
 *
 * @throws when a port is taken; nothing is left listening then
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { host = '127.0.0.1', publicHost = 'localhost', gatewayUrl, callsPerMinute = 20 } = options;
  const {
    hexToken = randomHexToken(),
    cubeApiKey = randomSecret(),
    metabaseSecretKey = randomSecret(),
  } = options;
  const at = (port: number): Binding => ({ host, publicHost, port });
  const started: { close(): Promise<void> }[] = [];
  const start = async <Server extends { close(): Promise<void> }>(
    starting: Promise<Server>,
  ): Promise<Server> => {
    const server = await starting;
    started.push(server);
    return server;
  };
  const close = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.close()));
  };

  try {
    const hex = await start(startHex(at(options.hexPort), { token: hexToken, callsPerMinute }));
    const cube = await start(startCube(at(options.cubePort), cubeApiKey));
    const metabase = await start(startMetabase(at(options.metabasePort), metabaseSecretKey));
    const embedOrigins = [hex.origin, cube.origin, metabase.origin];
    const peers = { gatewayUrl, metabaseUrl: metabase.origin, embedOrigins };
    const hostPage = await start(startHostPage(at(options.hostPagePort), peers));
    return {
      hostPageUrl: hostPage.origin,
      issuer: hostPage.origin,
      jwksUrl: `${hostPage.origin}/.well-known/jwks.json`,
      hexBaseUrl: `${hex.origin}/api/v1`,
      hexToken,
      cubeBaseUrl: cube.origin,
      cubeApiKey,
      cubeDeployment: deploymentId,
      metabaseSiteUrl: metabase.origin,
      metabaseSecretKey,
      hexCalls: hex.calls,
      signSession: (claims, sessionOptions) => hostPage.signer.sign(claims, sessionOptions),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function randomSecret(): string {
  return randomBytes(32).toString('hex');
}
