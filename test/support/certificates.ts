import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';

export interface Certified {
  readonly certificate: string;
  readonly privateKey: string;
}

/** A certificate over its own key, as Google publishes the keys of Firebase. @param days that it is valid from now */
export function createSelfSigned(days: number, rsaBits = 2048): Certified {
  const folder = temporaryFolder();
  const args = ['req', '-x509', '-newkey', `rsa:${rsaBits}`, '-noenc', '-keyout', 'a.key', '-out', 'a.pem'];
  execFileSync('openssl', [...args, '-days', String(days), '-subj', '/CN=a'], {
    cwd: folder,
    stdio: 'ignore',
  });
  return {
    certificate: readFileSync(join(folder, 'a.pem'), 'utf8'),
    privateKey: readFileSync(join(folder, 'a.key'), 'utf8'),
  };
}
