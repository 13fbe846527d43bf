import { z } from 'zod';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

const sessionsPath = '/api/v1/embed';

/** Sends a body to the stand-in's embedding API, with its API key unless another authorization is given. */
export async function callCube(
  sandbox: Sandbox,
  operation: 'generate-session' | 'session/token' | 'session/revoke',
  body: unknown,
  authorization = `Api-Key ${sandbox.cubeApiKey}`,
): Promise<Response> {
  return fetch(`${sandbox.cubeBaseUrl}${sessionsPath}/${operation}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization !== '' && { authorization }) },
    body: JSON.stringify(body),
  });
}

/** The least that opens a session for somebody. */
export const leastBody = { deploymentId: 1, externalId: 'acme:ada' };

export function attribute(name: string, value: unknown): { name: string; value: unknown } {
  return { name, value };
}

/** Attributes of somebody who may see all of one tenant. */
export function seeing(tenant: string): readonly object[] {
  return [attribute('tenant', tenant), attribute('regions', ['EU', 'US'])];
}

export async function sessionOf(sandbox: Sandbox, more: object = {}): Promise<string> {
  const reply = await callCube(sandbox, 'generate-session', { ...leastBody, ...more });
  return z.strictObject({ sessionId: z.string() }).parse(await reply.json()).sessionId;
}

/** What the frame does: exchanges the session, without a key. */
export async function tokenOf(sandbox: Sandbox, sessionId: string): Promise<string> {
  const reply = await callCube(sandbox, 'session/token', { sessionId }, '');
  return z.strictObject({ token: z.string() }).parse(await reply.json()).token;
}

export async function askRows(sandbox: Sandbox, token: string, kind = 'dashboard'): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` };
  return fetch(`${sandbox.cubeBaseUrl}/embed/rows/${kind}`, { headers });
}

const rowsSchema = z.object({
  rows: z.array(z.object({ tenant: z.string(), region: z.string(), amount: z.number().optional() })),
});

/** The rows of a frame that was opened with a call of generate-session like this. */
export async function rowsAfter(
  sandbox: Sandbox,
  more: object,
): Promise<z.output<typeof rowsSchema>['rows']> {
  const token = await tokenOf(sandbox, await sessionOf(sandbox, more));
  return rowsSchema.parse(await (await askRows(sandbox, token)).json()).rows;
}
