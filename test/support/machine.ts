import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chromiumPath, onPath, serverPath } from './on-path.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the tests need beside Node: whether it is here, and the Debian package that brings it. */
const needed = [
  { package: 'redis-server', here: () => onPath('redis-server') !== undefined },
  { package: 'openssl', here: () => onPath('openssl') !== undefined },
  { package: 'nginx-light', here: () => serverPath('nginx') !== undefined },
  { package: 'haproxy', here: () => serverPath('haproxy') !== undefined },
  { package: 'chromium', here: () => chromiumPath() !== undefined },
];

/** Makes the machine ready once before all tests: a Redis server, OpenSSL, two proxies, a browser, and the built command line. */
export default function prepareMachine(): void {
  installMissing(needed.map((need) => need.package));
  run('npm', ['run', '--silent', 'build']);
}

/** @throws in one line that names what is missing, where it may not be installed */
export function installMissing(packages: readonly string[]): void {
  const missing = needed
    .filter((need) => packages.includes(need.package) && !need.here())
    .map((need) => need.package);
  if (missing.length === 0) return;
  const asRoot = rootPrefix();
  if (onPath('apt-get') === undefined || asRoot === undefined) {
    throw new Error(
      `This needs ${missing.join(' and ')} on this machine: install with your package manager.`,
    );
  }
  const aptGet = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'];
  runAll([...aptGet, 'update']);
  runAll([...aptGet, 'install', '-y', '--no-install-recommends', ...missing]);
}

/** What stands before a command to run it as root; undefined when this user may not. */
function rootPrefix(): readonly string[] | undefined {
  if (process.getuid?.() === 0) return [];
  const sudo = onPath('sudo') !== undefined && spawnSync('sudo', ['-n', 'true']).status === 0;
  return sudo ? ['sudo', '-n'] : undefined;
}

function runAll([command, ...args]: readonly string[]): void {
  if (command !== undefined) run(command, args);
}

function run(command: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (status === 0) return;
  const said = [error?.message, stdout, stderr].filter(Boolean).join('\n');
  throw new Error(`${command} ${args.join(' ')} failed\n${said}`);
}
