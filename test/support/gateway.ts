import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

const main = join(import.meta.dirname, '../../dist/cli/main.js');

const listening = z.object({ msg: z.literal('listening'), publicUrl: z.string(), operationsUrl: z.string() });

/** A gateway in a process of its own, as it is deployed. */
export interface RunningGateway {
  /** Origin of the public listener. */
  readonly url: string;
  readonly operationsUrl: string;
  readonly pid: number;
  /** All that it wrote so far, to either output. */
  readonly output: () => string;
  /** Its log, parsed: fails on a line that is not a JSON object. */
  readonly lines: () => readonly Readonly<Record<string, unknown>>[];
  /** Sends SIGTERM and gives the exit code. */
  readonly stop: () => Promise<number | null>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

/** Runs `embed-gateway` and gives what it wrote and its exit code. */
export async function runCommand(
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env.PATH, ...options.env },
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
}

/** Writes a file that is gone when the test ends. */
export function temporaryFile(text: string, name = 'gateway.yaml'): string {
  const folder = mkdtempSync(join(tmpdir(), 'embed-gateway-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** Serves a configuration; the gateway is stopped when the test ends. */
export async function startGateway(
  config: string,
  env: Readonly<Record<string, string>> = {},
  program = main,
): Promise<RunningGateway> {
  const child = spawn(process.execPath, [program, 'serve', '--config', temporaryFile(config)], {
    env: { PATH: process.env.PATH, ...env },
  });
  let output = '';
  let isListening = false;
  const closed = once(child, 'close');
  const started = new Promise<z.output<typeof listening>>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      if (isListening) return;
      const line = output.split('\n').find((text) => text.includes('"msg":"listening"'));
      if (line === undefined) return;
      isListening = true;
      resolve(listening.parse(JSON.parse(line)));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    closed.then(() => {
      reject(new Error(`the gateway did not start:\n${output}`));
    }, reject);
  });
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null) child.kill('SIGTERM');
    await closed;
    return child.exitCode;
  };
  onTestFinished(async () => {
    child.kill('SIGCONT');
    await stop();
  });
  const { publicUrl, operationsUrl } = await started;
  return {
    url: publicUrl,
    operationsUrl,
    pid: child.pid ?? 0,
    output: () => output,
    lines: () =>
      output
        .split('\n')
        .filter((line) => line !== '')
        .map(parseLine),
    stop,
    kill: (signal) => child.kill(signal),
  };
}

function parseLine(line: string): Readonly<Record<string, unknown>> {
  return z.record(z.string(), z.unknown()).parse(JSON.parse(line));
}

export const hostOrigin = 'http://localhost:4000';

export interface ConfigOptions {
  readonly hexBaseUrl?: string;
  /** YAML of further sections, such as `redis:` and `limits:`. */
  readonly more?: string;
  /** YAML lines of the hex provider, such as `timeout: 500ms`. */
  readonly hex?: string;
  /** YAML lines below `listen`. */
  readonly listen?: string;
  /** YAML of further entries of `sessions`. */
  readonly sessions?: string;
  readonly issuer?: IssuerOptions;
  /** The one origin that may call; default {@link hostOrigin}. */
  readonly allowedOrigin?: string;
}

export interface IssuerOptions {
  readonly name: string;
  /** Address of its keys; left out, they are found by discovery. */
  readonly jwks?: string;
  /** Default analytics. */
  readonly audience?: string;
  /** Default RS256. */
  readonly algorithm?: string;
}

/** A configuration over a sandbox: its sign-in, its Hex, its projects; ports are free ones. */
export function configOver(sandbox: Sandbox, options: ConfigOptions = {}): string {
  const issuer: IssuerOptions = options.issuer ?? { name: sandbox.issuer, jwks: sandbox.jwksUrl };
  const keys = issuer.jwks === undefined ? 'discovery: true' : `jwks: "${issuer.jwks}"`;
  return `
listen:
  port: 0
  allowedOrigins: [${options.allowedOrigin ?? hostOrigin}]
${indent(options.listen)}
operations: { port: 0 }
sessions:
  - issuer: ${issuer.name}
    audience: ${issuer.audience ?? 'analytics'}
    tokens: [bearer, cookie:session]
    keys: { ${keys} }
    algorithms: [${issuer.algorithm ?? 'RS256'}]
    tenant: claims.org_id${options.sessions === undefined ? '' : `\n${indent(options.sessions)}`}
providers:
  hex:
    kind: hex
    baseUrl: ${options.hexBaseUrl ?? sandbox.hexBaseUrl}
    token: \${env:HEX_TOKEN}
${indent(options.hex, 4)}
embeds:
  sales:
    title: Sales overview
    provider: hex
    project: d148ce6e-fc3b-40cb-9bdc-52b02d470061
    allow: '"analytics" in claims.permissions'
    attributes:
      orgId: tenant
      userRole: '"admin" in claims.roles ? "admin" : "viewer"'
      regions: json(claims.regions)
    scopes: { EXPORT_CSV: '"export" in claims.permissions' }
    inputs:
      region: { type: string, oneOf: [EU, US] }
      topN: { type: integer, min: 1, max: 100, default: 10 }
    combination: [orgId, userRole]
  secretive:
    provider: hex
    project: d148ce6e-fc3b-40cb-9bdc-52b02d470061
    allow: "false"
    attributes: { orgId: tenant }
  handbook:
    provider: hex
    project: 5a8591dd-4039-49df-9202-96385ba3eff8
    public: true
${options.more ?? ''}
`;
}

function indent(lines: string | undefined, by = 2): string {
  return (lines ?? '')
    .split('\n')
    .map((line) => `${' '.repeat(by)}${line}`)
    .join('\n');
}

/** A GET that a signed-in browser would make. */
export async function getEmbedUrl(
  gateway: Pick<RunningGateway, 'url'>,
  token: string,
  query = 'embed=sales',
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${gateway.url}/embed-url?${query}`, {
    headers: { authorization: `Bearer ${token}`, ...headers },
    redirect: 'manual',
  });
}

export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  code: z.string(),
  detail: z.string(),
  requestId: z.uuid(),
  errors: z.array(z.object({ name: z.string(), reason: z.string() })).optional(),
  violatedPolicies: z.array(z.string()).optional(),
  retryAfterSeconds: z.number().optional(),
  ticket: z.string().optional(),
  position: z.number().optional(),
});

/** The refusal in a response, in the form that the contract promises. */
export async function problemIn(response: Response): Promise<z.output<typeof problemSchema>> {
  if (response.headers.get('content-type')?.startsWith('application/problem+json') !== true) {
    throw new Error(`not a problem: ${response.status} ${await response.text()}`);
  }
  const problem = problemSchema.parse(await response.json());
  if (problem.status !== response.status) throw new Error('the problem names another status');
  return problem;
}
