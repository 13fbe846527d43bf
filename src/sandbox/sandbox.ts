import { randomHexToken } from './hex-tokens.ts';
import { startHex, type HexCall } from './hex.ts';
import { startHostPage } from './host-page.ts';

export interface SandboxOptions {
  /** Address to bind; default 127.0.0.1. */
  readonly host?: string;
  /** Name in the URLs that the sandbox hands out; default `localhost`. */
  readonly publicHost?: string;
  /** 0 = any free port. */
  readonly hostPagePort: number;
  /** 0 = any free port. */
  readonly hexPort: number;
  /** Origin of the gateway as the browser reaches it, told to the host page's script. */
  readonly gatewayUrl: string;
  /** The workspace token that the stand-in Hex takes; default a fresh `hxtw_` + 96 hex characters. */
  readonly hexToken?: string;
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
 * Starts real HTTP servers for trying and testing the gateway without any account: a stand-in for Hex, and an
 * application of a customer with its sign-in.
 *
 * @throws when a port is taken; nothing is left listening then
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { host = '127.0.0.1', publicHost = 'localhost', gatewayUrl, callsPerMinute = 20 } = options;
  const token = options.hexToken ?? randomHexToken();
  const hex = await startHex({ host, publicHost, port: options.hexPort }, { token, callsPerMinute });
  const hostPage = await startHostPage(
    { host, publicHost, port: options.hostPagePort },
    { gatewayUrl, embedOrigin: hex.origin },
  ).catch(async (error: unknown) => {
    await hex.close();
    throw error;
  });

  return {
    hostPageUrl: hostPage.origin,
    issuer: hostPage.origin,
    jwksUrl: `${hostPage.origin}/.well-known/jwks.json`,
    hexBaseUrl: `${hex.origin}/api/v1`,
    hexToken: token,
    hexCalls: hex.calls,
    signSession: (claims, sessionOptions) => hostPage.signer.sign(claims, sessionOptions),
    close: async () => {
      await Promise.all([hex.close(), hostPage.close()]);
    },
  };
}
