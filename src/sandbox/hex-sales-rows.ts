export const regions = ['EU', 'US'] as const;
export type Region = (typeof regions)[number];

export interface SalesRow {
  readonly orgId: string;
  readonly region: Region;
  readonly customer: string;
  readonly product: string;
  /** US dollars invoiced in each quarter of the year. */
  readonly quarters: readonly [number, number, number, number];
  readonly marginPercent: number;
}

function rowsOf(
  orgId: string,
  table: readonly (readonly [Region, string, string, SalesRow['quarters'], number])[],
): readonly SalesRow[] {
  return table.map(([region, customer, product, quarters, marginPercent]) => ({
    orgId,
    region,
    customer,
    product,
    quarters,
    marginPercent,
  }));
}

/** Every tenant's sales in one table, as in a real warehouse: only the attributes keep them apart. */
export const salesRows: readonly SalesRow[] = [
  ...rowsOf('acme', [
    ['EU', 'Lindqvist Marine AB', 'Pumps', [182_400, 191_250, 204_800, 231_900], 34],
    ['EU', 'Müller & Söhne GmbH', 'Valves', [96_300, 104_700, 99_850, 128_400], 41],
    ['EU', 'Ateliers Rousseau', 'Service', [58_200, 61_900, 66_400, 70_150], 57],
    ['EU', 'Banco de Aguas', 'Pumps', [120_750, 98_600, 131_200, 142_300], 31],
    ['EU', 'O’Connell Distillers', 'Sensors', [44_900, 52_300, 61_750, 77_800], 48],
    ['US', 'Great Lakes Utilities', 'Pumps', [241_000, 228_500, 262_300, 287_600], 36],
    ['US', 'Cascade Timber Co.', 'Valves', [73_450, 81_200, 79_900, 92_750], 39],
    ['US', 'Palmetto Foods', 'Sensors', [65_800, 72_150, 83_600, 101_400], 46],
    ['US', 'High Plains Energy', 'Service', [88_300, 90_700, 95_100, 97_650], 54],
    ['US', 'Harbor & Finch', 'Valves', [39_600, 41_250, 47_900, 52_100], 42],
  ]),
  ...rowsOf('globex', [
    ['EU', 'Nordlys Telecom', 'Platform', [310_200, 322_900, 341_500, 365_800], 71],
    ['EU', 'Vermeer Logistics', 'Routing', [142_700, 158_300, 149_600, 171_900], 63],
    ['EU', 'Caffè Bellini', 'Support', [28_400, 29_900, 33_200, 35_700], 44],
    ['EU', 'Kowalski Transport', 'Routing', [87_900, 93_400, 101_250, 112_600], 61],
    ['US', 'Redwood Health', 'Platform', [402_300, 418_700, 437_900, 472_100], 74],
    ['US', 'Bluebonnet Freight', 'Routing', [118_600, 124_300, 139_800, 151_200], 60],
    ['US', 'Stonebridge Schools', 'Support', [51_300, 47_800, 55_600, 59_900], 47],
    ['US', 'Marlow & Pike', 'Analytics', [133_500, 149_200, 163_700, 188_400], 68],
  ]),
];

/** A year's revenue in US dollars. */
export function revenueOf(row: SalesRow): number {
  return row.quarters.reduce((sum, quarter) => sum + quarter, 0);
}

/** Amounts as tiles and bars write them, such as $1.28M and $5.60M. */
export const compactDollars = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  notation: 'compact',
  minimumSignificantDigits: 3,
  maximumSignificantDigits: 3,
});
