import type { CubeUser } from './cube-account.ts';
import type { AttributeValue } from './cube-request.ts';

export interface Deal {
  readonly tenant: string;
  readonly region: 'EU' | 'US';
  readonly account: string;
  readonly stage: string;
  /** US dollars. */
  readonly amount: number;
}

/** The dashboard that is published; its rows are filtered by these attributes, the only ones the account has. */
export const pipeline = {
  publicId: 'pipeline',
  title: 'Pipeline',
  attributes: ['tenant', 'regions'],
} as const;

/** Members see amounts. */
export const amountsGroup = 'admin';

function dealsOf(
  tenant: string,
  table: readonly (readonly [Deal['region'], string, string, number])[],
): readonly Deal[] {
  return table.map(([region, account, stage, amount]) => ({ tenant, region, account, stage, amount }));
}

/** Every tenant's deals in one table: only the attributes keep them apart. */
const deals: readonly Deal[] = [
  ...dealsOf('acme', [
    ['EU', 'Fjordkraft Renewables', 'Negotiation', 184_000],
    ['EU', 'Brauhaus Zum Anker', 'Proposal', 42_500],
    ['EU', 'Aguas del Sur', 'Qualified', 97_200],
    ['US', 'Prairie Ethanol', 'Negotiation', 231_000],
    ['US', 'Bayside Desalination', 'Proposal', 156_400],
    ['US', 'Tucker Mills', 'Qualified', 38_900],
  ]),
  ...dealsOf('globex', [
    ['EU', 'Hanse Spedition', 'Proposal', 88_700],
    ['EU', 'Lumière Santé', 'Negotiation', 312_000],
    ['EU', 'Baltic Parcel', 'Qualified', 54_300],
    ['US', 'Northgate Clinics', 'Negotiation', 405_500],
    ['US', 'Sunbelt Couriers', 'Proposal', 73_800],
  ]),
];

/** Deals as a user sees them: without an attribute there is no row, and without the group no amount. */
export function visibleDeals({ attributes, groups }: CubeUser): readonly Partial<Deal>[] {
  const tenants = listOf(attributes.get('tenant'));
  const regions = listOf(attributes.get('regions'));
  return deals
    .filter((deal) => tenants.includes(deal.tenant) && regions.includes(deal.region))
    .map(({ amount, ...deal }) => (groups.includes(amountsGroup) ? { ...deal, amount } : deal));
}

function listOf(value: AttributeValue | undefined): readonly (string | number)[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
