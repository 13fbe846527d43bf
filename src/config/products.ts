import { cubeProduct } from './cube.ts';
import { hexProduct } from './hex.ts';
import { metabaseProduct } from './metabase.ts';
import type { Product } from './product.ts';
import { record, type Raw } from './raw.ts';

/** Every product that there is, by the `kind` of its providers. What speaks to it: providers/create.ts. */
export const products = {
  hex: hexProduct,
  cube: cubeProduct,
  metabase: metabaseProduct,
} satisfies Readonly<Record<string, Product>>;

export type Kind = keyof typeof products;
export const kinds = Object.keys(products) as [Kind, ...Kind[]];

/** The product of a provider as it stands in the file; undefined when there is none of its kind. */
export function productOf(provider: unknown): (typeof products)[Kind] | undefined {
  const { kind } = record(provider);
  const known = kinds.find((one) => one === kind);
  return known && products[known];
}

/** The product of the provider that an embed names. */
export function productNamed(provider: unknown, providers: Raw): ReturnType<typeof productOf> {
  const isThere = typeof provider === 'string' && Object.hasOwn(providers, provider);
  return isThere ? productOf(providers[provider]) : undefined;
}
