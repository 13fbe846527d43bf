import type { Config } from '../config/schema.ts';
import type { SessionConfig } from '../config/sessions.ts';
import type { Dependency } from '../operations/health.ts';
import type { Provider } from '../providers/provider.ts';
import type { Issuer } from '../session/verify.ts';
import type { RedisHealth } from './redis-health.ts';

export function redisDependency({ redis }: Config, { isUp, reason }: RedisHealth): Dependency {
  return redis?.whenDown === 'refuse'
    ? { name: 'redis', isUp, reason, group: 'limits', whenDown: 'requests are refused' }
    : { name: 'redis', isUp, reason, whenDown: 'each process limits by itself' };
}

/** An issuer's keys, and apart from them the server they come from: its failing is worth knowing before the keys are too old. */
export function issuerDependencies({ config, keys }: Issuer): readonly Dependency[] {
  const known: Dependency = {
    name: `keys of ${config.issuer}`,
    isUp: () => keys.isReady(),
    group: 'sessions',
    whenDown: 'its sessions cannot be verified',
    reason: () => keys.failure(),
  };
  if (!config.keys.jwks && !config.keys.discovery) return [known];
  const server: Dependency = {
    name: `key server of ${config.issuer}`,
    isUp: () => keys.failure() === undefined,
    whenDown: 'keys that it gave before are used for up to keys.maxStale',
    reason: () => keys.failure(),
  };
  return [known, server];
}

/** Never down: it needs nothing but its secret. It is named so that its sessions count among those that are served. */
export function sealedDependency({ issuer }: SessionConfig): Dependency {
  return {
    name: `secret of ${issuer}`,
    isUp: () => true,
    group: 'sessions',
    whenDown: 'its sessions cannot be opened',
  };
}

export function providerDependency(name: string, provider: Provider): Dependency {
  return {
    name: `provider ${name}`,
    isUp: () => provider.isReachable(),
    whenDown: 'its circuit is open: calls are refused for some seconds',
  };
}
