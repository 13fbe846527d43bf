import type { Config } from '../config/schema.ts';
import type { Dependency } from '../operations/health.ts';
import type { Provider } from '../providers/provider.ts';
import type { Issuer } from '../session/verify.ts';
import type { RedisHealth } from './redis-health.ts';
import type { WarmUp } from './warm-up.ts';

export function redisDependency({ redis }: Config, { isUp, reason }: RedisHealth): Dependency {
  return redis?.whenDown === 'refuse'
    ? { name: 'redis', isUp, reason, group: 'limits', whenDown: 'requests are refused' }
    : { name: 'redis', isUp, reason, whenDown: 'each process limits by itself' };
}

export function issuerDependency({ config, keys }: Issuer, { reason }: WarmUp): Dependency {
  return {
    name: `keys of ${config.issuer}`,
    isUp: () => keys.isReady(),
    group: 'sessions',
    whenDown: 'its sessions cannot be verified',
    reason,
  };
}

export function providerDependency(name: string, provider: Provider): Dependency {
  return {
    name: `provider ${name}`,
    isUp: () => provider.isReachable(),
    whenDown: 'its circuit is open: calls are refused for some seconds',
  };
}
