import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Proxy {
  readonly port: number;
  /** New connections lead to another port; those there are stay where they are. */
  leadTo(port: number): void;
  /** The next answer is not passed on: both sides lose the connection instead. */
  loseNextAnswer(): void;
}

/** Stands between a client and a loopback port, as a load balancer or a name does; gone when the test ends. */
export async function startProxy(port: number): Promise<Proxy> {
  let target = port;
  let isLosing = false;
  const server = createServer((near) => {
    const far = createConnection({ host: '127.0.0.1', port: target });
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.on('close', () => far.destroy()).pipe(far);
    far.on('close', () => near.destroy());
    far.on('data', (answer) => {
      if (!isLosing) {
        near.write(answer);
        return;
      }
      isLosing = false;
      near.destroy();
    });
    onTestFinished(() => {
      near.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  return {
    port: address.port,
    leadTo: (other) => {
      target = other;
    },
    loseNextAnswer: () => {
      isLosing = true;
    },
  };
}
