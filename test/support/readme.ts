import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** The commands of the README's shell blocks, a line each, in order. */
export function readmeCommands(): readonly string[] {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  const blocks = [...text.matchAll(/^```sh\n([^]*?)^```$/gm)];
  return blocks.flatMap(([, block = '']) => block.trim().split('\n'));
}

/** The user with the least rights on Redis, as docs/redis.md writes it, with a password. */
export function documentedRedisUser(password: string): string {
  const text = readFileSync(join(root, 'docs/redis.md'), 'utf8');
  const [, user = ''] = /^(user embed-gateway .*)$/m.exec(text) ?? [];
  return user.replace('PASSWORD', password);
}
