#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import type { SandboxCommand } from './sandbox.ts';
import { writeJsonInsteadOfText } from './plain-output.ts';

/** Exit codes: 0 fine, 1 a problem was found, 2 wrong usage. */
const wrongUsage = 2;

const program = new Command('embed-gateway')
  .description('Lets web applications show embedded analytics safely')
  .version(packageVersion())
  .exitOverride()
  .showHelpAfterError();

const config = ['--config <file>', 'the configuration', 'config/gateway.yaml'] as const;

program
  .command('serve')
  .description('run the gateway')
  .option(...config)
  .action(async (options: { config: string }) => {
    writeJsonInsteadOfText();
    await (await import('./serve.ts')).serve(options);
  });
program
  .command('check')
  .description('read the configuration as serve would, without the network; 0 when it is fine, else 1')
  .option(...config)
  .option('--strict', 'count warnings as problems')
  .action(async (options: { config: string; strict?: boolean }) => {
    (await import('./check.ts')).check(options);
  });
program
  .command('schema')
  .description('print the JSON Schema of the configuration, for editors')
  .action(async () => {
    (await import('./schema.ts')).schema();
  });
program
  .command('sandbox')
  .description('run stand-ins for the products, a sign-in and a host page, to try without an account')
  .option('--gateway <file>', 'also run a gateway with this configuration')
  .option('--memory', 'keep that gateway’s limits in memory, whatever its configuration says of Redis')
  .option('--gateway-url <url>', 'where browsers reach the gateway', 'http://localhost:8080')
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--port <number>', 'port of the host page', toPort, 4000)
  .option('--hex-port <number>', 'port of the stand-in for Hex', toPort, 4010)
  .option('--cube-port <number>', 'port of the stand-in for Cube', toPort, 4020)
  .option('--metabase-port <number>', 'port of the stand-in for Metabase', toPort, 4030)
  .action(async (options: SandboxCommand) => {
    await (await import('./sandbox.ts')).sandbox(options);
  });

for (const command of program.commands) command.exitOverride().allowExcessArguments(false);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : wrongUsage;
}

function toPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('It must be a port from 0 to 65535.');
}

/** Read from the package itself, which lies two folders up from the built file. */
function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const version: unknown = Reflect.get(Object(JSON.parse(text)), 'version');
  return typeof version === 'string' ? version : 'unknown';
}
