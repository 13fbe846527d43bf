import type { Config } from '../config/schema.ts';
import type { Dependency } from '../operations/health.ts';
import type { Provider } from '../providers/provider.ts';
import type { Issuer } from '../session/verify.ts';

export function redisDependency({ redis }: Config, isUp: () => boolean): readonly Dependency[] {
  if (!redis) return [];
  const isRequired = redis.whenDown === 'refuse';
  const whenDown = isRequired ? 'requests are refused' : 'each process limits by itself';
  return [{ name: 'redis', isUp, isRequired, whenDown }];
}

export function issuerDependency({ config, keys }: Issuer): Dependency {
  return {
    name: `keys of ${config.issuer}`,
    isUp: () => keys.isReady(),
    isRequired: true,
    whenDown: 'its sessions cannot be verified',
  };
}

export function providerDependency(name: string, provider: Provider): Dependency {
  return {
    name: `provider ${name}`,
    isUp: () => provider.isReachable(),
    isRequired: false,
    whenDown: 'its circuit is open: calls are refused for some seconds',
  };
}
