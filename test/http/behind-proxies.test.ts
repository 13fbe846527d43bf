import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startTarget } from '../fuzz/target.ts';
import { freePort } from '../support/free-port.ts';
import { startProgram } from '../support/program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { framingCases } from './framing-cases.ts';
import { openRaw } from './raw.ts';

/** Time after which a proxy that says nothing has nothing more to say. */
const quietMs = 1500;

interface RunningProxy {
  readonly url: string;
  /** First lines of the requests that it sent to the gateway. */
  readonly sent: () => readonly string[];
}

/** nginx in front of a port, with connections to it that many clients share. */
async function startNginx(gatewayPort: string): Promise<RunningProxy> {
  const folder = temporaryFolder();
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const config = join(folder, 'nginx.conf');
  writeFileSync(
    config,
    `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 512; }
http {
  log_format sent '$upstream_status|$request';
  access_log ${folder}/sent.log sent;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  upstream gateway { server 127.0.0.1:${gatewayPort} max_fails=0; keepalive 4; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://gateway;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_request_buffering off;
      proxy_next_upstream off;
    }
  }
}
`,
  );
  await startProgram('nginx', ['-p', folder, '-c', config], port);
  return {
    url: `http://127.0.0.1:${port}`,
    sent: () => sentIn(readFileSync(join(folder, 'sent.log'), 'latin1'), /^[\d, -]*\d[\d, -]*\|(.*)$/gm),
  };
}

/** HAProxy, the same. */
async function startHaproxy(gatewayPort: string): Promise<RunningProxy> {
  const port = await freePort();
  const config = join(temporaryFolder(), 'haproxy.cfg');
  writeFileSync(
    config,
    `
global
  log stdout format raw local0
defaults
  mode http
  retries 0
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend readers
  bind 127.0.0.1:${port}
  log global
  log-format "%s|%HM %HU"
  default_backend gateway
backend gateway
  http-reuse always
  server gateway 127.0.0.1:${gatewayPort}
`,
  );
  const output = await startProgram('haproxy', ['-db', '-f', config], port);
  return { url: `http://127.0.0.1:${port}`, sent: () => sentIn(output(), /^gateway\|(.*)$/gm) };
}

function sentIn(log: string, line: RegExp): readonly string[] {
  return [...log.matchAll(line)].map(([, request = '']) => request);
}

/** Sends bytes, and waits until the other side closes or is silent. */
async function send(url: string, bytes: string): Promise<void> {
  const socket = await openRaw(url);
  socket.setTimeout(quietMs, () => socket.destroy()).resume();
  socket.write(Buffer.from(bytes, 'latin1'));
  await new Promise((resolve) => socket.on('close', resolve));
}

function notesIn(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text) => /note[=":]+(h\d{5})/.exec(text)?.[1] ?? []).toSorted();
}

it.each([
  ['nginx', startNginx],
  ['HAProxy', startHaproxy],
] as const)(
  'behind %s no request is smuggled: the gateway sees those that the proxy sent, and no other',
  { timeout: 60_000 },
  async (_name, startProxy) => {
    const { gateway, minted, expectUnharmed } = await startTarget();
    const proxy = await startProxy(new URL(gateway.url).port);
    const received = async (): Promise<number> => {
      const text = await (await fetch(`${gateway.operationsUrl}/metrics`)).text();
      const counts = text.matchAll(
        /^embed_gateway_(?:requests_total|transport_refusals_total\{listener="public",[^}]*\})(?:\{.*\})? (\d+)$/gm,
      );
      return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
    };
    for (const round of [0, 1, 2]) {
      await Promise.all(
        framingCases.map(({ bytes }, at) => {
          // as long as the word in its place, and another one for each request
          const note = `h${String(round * 1000 + at).padStart(5, '0')}`;
          return send(proxy.url, bytes.replaceAll('note=hidden', `note=${note}`));
        }),
      );
    }
    await expect.poll(() => notesIn(minted())).toEqual(notesIn(proxy.sent()));
    expect(proxy.sent().length).toBeGreaterThan(20);
    const count = await received();
    expect(count).toBeLessThanOrEqual(proxy.sent().length);
    expect(count).toBeGreaterThan(20);
    await expectUnharmed();
  },
);
