import type { Kind } from '../config/products.ts';
import type { ProviderConfig } from '../config/schema.ts';
import { createCubeProvider } from './cube.ts';
import { createHexProvider } from './hex.ts';
import { createMetabaseProvider } from './metabase.ts';
import type { Connect, Provider } from './provider.ts';

type Creators = {
  readonly [K in Kind]: (config: Extract<ProviderConfig, { kind: K }>, connect: Connect) => Provider;
};

/** What speaks to each product; how it is configured: config/products.ts. */
const creators: Creators = {
  hex: createHexProvider,
  cube: createCubeProvider,
  metabase: createMetabaseProvider,
};

export function createProvider<K extends Kind>(
  config: Extract<ProviderConfig, { kind: K }> & { readonly kind: K },
  connect: Connect,
): Provider {
  return creators[config.kind](config, connect);
}
