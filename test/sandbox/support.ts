import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { hexProjects } from '../../src/sandbox/hex-projects.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.ts';

export const freePorts = { hostPagePort: 0, hexPort: 0, cubePort: 0, metabasePort: 0 } as const;

/** A sandbox on free ports, closed when the test ends. */
export async function openSandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({
    ...freePorts,
    gatewayUrl: 'http://localhost:8080',
    callsPerMinute: 1000,
    ...options,
  });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

export interface PresignOptions {
  readonly projectId?: string;
  readonly token?: string;
  /** Sent as it stands. */
  readonly raw?: string;
  /** Laid over the usual ones; undefined leaves one out. */
  readonly headers?: Partial<Readonly<Record<string, string | undefined>>>;
}

export async function presign(
  sandbox: Sandbox,
  body: unknown,
  options: PresignOptions = {},
): Promise<Response> {
  const { projectId = hexProjects.sales.id, token = sandbox.hexToken, raw = JSON.stringify(body) } = options;
  const headers: Record<string, string | undefined> = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    ...options.headers,
  };
  const given = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]],
  );
  return fetch(`${sandbox.hexBaseUrl}/embedding/createPresignedUrl/${projectId}`, {
    method: 'POST',
    headers: given,
    // Bytes, so that fetch adds no Content-Type of its own.
    body: new TextEncoder().encode(raw),
  });
}

export async function presignedUrl(
  sandbox: Sandbox,
  body: unknown,
  options?: PresignOptions,
): Promise<string> {
  const reply = await presign(sandbox, body, options);
  return z.strictObject({ url: z.string() }).parse(await reply.json()).url;
}

/** The embed page that a body leads to, opened once. */
export async function embedPage(sandbox: Sandbox, body: unknown, options?: PresignOptions): Promise<string> {
  const reply = await fetch(await presignedUrl(sandbox, body, options));
  return reply.text();
}

const hexProblem = z.object({ reason: z.string(), details: z.string().optional(), traceId: z.string() });

export async function problemOf(reply: Response): Promise<z.infer<typeof hexProblem>> {
  return hexProblem.parse(await reply.json());
}

/** The attributes of a reader of the sales project who may see everything of one tenant. */
export function attributesOf(orgId: string): Record<string, string> {
  return { orgId, userRole: 'admin', regions: '["EU","US"]' };
}

export function rowsIn(page: string): number {
  return page.split('data-testid="row"').length - 1;
}
