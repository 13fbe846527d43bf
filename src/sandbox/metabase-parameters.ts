import type { FilterValues, FilterValue } from './metabase-token.ts';

/** What the publisher of a dashboard or question decided for each of its filters, by slug. */
export type Slugs = Readonly<Record<string, 'locked' | 'editable' | 'disabled'>>;

/**
 * Decides which filters apply; a string is Metabase's text for why none does.
 *
 * Null and `""` count as no value. **`[]` is one**, and means no filter.
 *
 * @param signed from the token
 * @param chosen from the URL's query, where readers may write what they like
 */
export function mergeParameters(
  slugs: Slugs,
  signed: FilterValues,
  chosen: FilterValues,
): FilterValues | string {
  const [fromToken, fromReader] = [given(signed), given(chosen)];
  const unknown = [...fromToken.keys(), ...fromReader.keys()].find((slug) => !Object.hasOwn(slugs, slug));
  if (unknown !== undefined) return `Unknown parameter :${unknown}.`;
  for (const [slug, rule] of Object.entries(slugs)) {
    const problem = problemOf(slug, rule, { isSigned: fromToken.has(slug), isChosen: fromReader.has(slug) });
    if (problem !== undefined) return problem;
  }
  return Object.fromEntries([...fromReader, ...fromToken]);
}

function problemOf(
  slug: string,
  rule: Slugs[string],
  { isSigned, isChosen }: { readonly isSigned: boolean; readonly isChosen: boolean },
): string | undefined {
  switch (rule) {
    case 'disabled':
      return isSigned || isChosen ? `You're not allowed to specify a value for :${slug}.` : undefined;
    case 'editable':
      return isSigned && isChosen
        ? `You can't specify a value for :${slug} if it's already set in the JWT.`
        : undefined;
    case 'locked':
      if (!isSigned) return `You must specify a value for :${slug} in the JWT.`;
      return isChosen ? `You can only specify a value for :${slug} in the JWT.` : undefined;
  }
}

function given(parameters: FilterValues): ReadonlyMap<string, FilterValue> {
  return new Map(Object.entries(parameters).filter(([, value]) => value !== null && value !== ''));
}

/** Whether a row's value passes a filter that was set so; one that was not set lets everything pass. */
export function passes(cell: string, filter: FilterValue | undefined): boolean {
  if (filter === undefined || filter === null) return true;
  if (!Array.isArray(filter)) return String(filter) === cell;
  return filter.length === 0 || filter.map(String).includes(cell);
}
