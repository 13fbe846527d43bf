import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { root } from './readme.ts';

const composeSchema = z.object({
  services: z.record(
    z.string(),
    z.object({
      command: z.array(z.string()),
      environment: z.record(z.string(), z.string()).default({}),
      ports: z.array(z.string()).default([]),
      volumes: z.array(z.string()).default([]),
      profiles: z.array(z.string()).default([]),
      healthcheck: z.object({ test: z.array(z.string()) }).optional(),
      read_only: z.boolean(),
      stop_grace_period: z.string().optional(),
    }),
  ),
});

export type Service = z.output<typeof composeSchema>['services'][string];

export const composeText = readFileSync(join(root, 'docker-compose.yml'), 'utf8');

/** The services as the file has them, `${…}` included. */
export const { services } = composeSchema.parse(parse(composeText));

/** The variables of config/sandbox.env. */
export function sandboxEnvironment(): Readonly<Record<string, string>> {
  const lines = readFileSync(join(root, 'config/sandbox.env'), 'utf8')
    .split('\n')
    .filter((line) => /^[A-Z]/.test(line));
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
}

/**
 * A service as `docker compose --env-file config/sandbox.env` reads it.
 *
 * @see https://docs.docker.com/reference/compose-file/interpolation/
 */
export function sandboxService(name: string): Service {
  const environment = sandboxEnvironment();
  const document = parseDocument(composeText);
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string') node.value = interpolate(node.value, environment);
    },
  });
  const service = composeSchema.parse(document.toJS()).services[name];
  if (!service) throw new Error(`there is no service ${name}`);
  return service;
}

function interpolate(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$\$|\$\{(\w+)(?::([-?])([^}]*))?\}/g,
    (found: string, name?: string, kind?: string, rest?: string) => {
      if (name === undefined) return '$';
      const value = environment[name] ?? '';
      if (value !== '' || kind === undefined) return value;
      if (kind === '?') throw new Error(`${found} is not set`);
      return rest ?? '';
    },
  );
}
