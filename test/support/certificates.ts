import { execFileSync } from 'node:child_process';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';

export interface Certified {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface Authority {
  /** Its own certificate, in PEM form. */
  readonly certificate: string;
  /** Certifies a new key. @param names such as `IP:127.0.0.1,DNS:localhost` */
  issue(names: string): Certified;
}

const ecKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];

/** A certificate authority of nobody's, made by OpenSSL; gone when the test ends. */
export function createAuthority(): Authority {
  const folder = temporaryFolder();
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  openssl(
    'req',
    '-x509',
    ...ecKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=Test CA',
  );
  return {
    certificate: read('ca.pem'),
    issue: (names) => {
      const extension = ['-addext', `subjectAltName=${names}`];
      openssl('req', ...ecKey, '-keyout', 'a.key', '-out', 'a.csr', '-subj', '/CN=key server', ...extension);
      const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-copy_extensions', 'copy', '-days', '2'];
      openssl('x509', '-req', '-in', 'a.csr', ...signing, '-out', 'a.pem');
      return { certificate: read('a.pem'), privateKey: read('a.key') };
    },
  };
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

/** A certificate of today over a private key, in PEM form. */
export function certifyKey(key: KeyObject): string {
  const folder = temporaryFolder({ 'a.key': key.export({ type: 'pkcs8', format: 'pem' }).toString() });
  const args = ['req', '-x509', '-key', 'a.key', '-out', 'a.pem', '-days', '2', '-subj', '/CN=a'];
  execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  return readFileSync(join(folder, 'a.pem'), 'utf8');
}
