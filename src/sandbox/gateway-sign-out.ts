const timeoutMs = 5000;

/**
 * Ends a session at the gateway, as every host's own sign-out should: its token is refused there from then on, and what
 * can be revoked at the products is. From the host's server it works without script too.
 *
 * A gateway that does not answer keeps nobody from signing out here; the token then ends by itself, within the hour.
 */
export async function signOutAtGateway(gatewayUrl: string, token: string | undefined): Promise<void> {
  if (token === undefined || token === '') return;
  await fetch(`${gatewayUrl}/sign-out`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(timeoutMs),
  }).catch(() => undefined);
}
