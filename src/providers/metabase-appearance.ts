import type { MetabaseEmbedConfig } from '../config/metabase.ts';

/**
 * How an embed looks, as the fragment of its URL; '' for as Metabase has it.
 *
 * `theme=light` is left out: it is what Metabase does without one. `refresh` is in whole seconds.
 *
 * @see https://www.metabase.com/docs/latest/embedding/static-embedding-parameters#customizing-the-appearance-of-a-static-embed
 */
export function appearanceHash(appearance: MetabaseEmbedConfig['appearance']): string {
  const { theme, refresh, hideParameters, ...others } = appearance;
  const options = {
    ...others,
    theme: theme === 'light' ? undefined : theme,
    refresh: refresh === undefined ? undefined : Math.ceil(refresh / 1000),
    hide_parameters: hideParameters?.join(','),
  };
  const pairs = Object.entries(options)
    .filter((option): option is [string, string | number | boolean] => option[1] !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return pairs.length === 0 ? '' : `#${pairs.join('&')}`;
}
