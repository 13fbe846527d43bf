import { passes } from './metabase-parameters.ts';
import type { FilterValues } from './metabase-token.ts';

export interface Churned {
  readonly tenant: string;
  readonly region: string;
  readonly account: string;
  readonly reason: string;
  /** US dollars a month. */
  readonly lost: number;
}

/** Each filter, by slug, and the column that it filters. */
const columns = { tenant: 'tenant', regions: 'region', reason: 'reason', account: 'account' } as const;

function churnOf(
  tenant: string,
  table: readonly (readonly ['EU' | 'US', string, string, number])[],
): readonly Churned[] {
  return table.map(([region, account, reason, lost]) => ({ tenant, region, account, reason, lost }));
}

/** Every tenant's lost accounts in one table: only the locked parameters keep them apart. */
const churned: readonly Churned[] = [
  ...churnOf('acme', [
    ['EU', 'Keramik Jansen', 'Price', 1240],
    ['EU', 'Vino Castelli', 'Closed down', 860],
    ['EU', 'Dublin Cold Storage', 'Competitor', 3100],
    ['US', 'Granite Quarry Co.', 'Price', 2750],
    ['US', 'Delta Rice Mill', 'Competitor', 1980],
  ]),
  ...churnOf('globex', [
    ['EU', 'Tram Antwerpen', 'Competitor', 4200],
    ['EU', 'Nova Kurier', 'Price', 950],
    ['US', 'Elm Street Pharmacy', 'Closed down', 610],
    ['US', 'Frontier Moving', 'Price', 1730],
  ]),
];

/** The rows that pass every filter. */
export function visibleChurn(filters: FilterValues): readonly Churned[] {
  return churned.filter((row) =>
    Object.entries(columns).every(([slug, column]) => passes(row[column], filters[slug])),
  );
}
