import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The file that a command name runs, as the shell would find it. */
export function onPath(command: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, command))
    .find(isExecutable);
}

/** The file of a server, which Debian puts where a user's PATH may not lead. */
export function serverPath(name: string): string | undefined {
  return onPath(name) ?? [`/usr/sbin/${name}`].find(isExecutable);
}

/** The machine's Chromium, whatever its distribution calls it. */
export function chromiumPath(): string | undefined {
  return onPath('chromium') ?? onPath('chromium-browser') ?? onPath('google-chrome');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
