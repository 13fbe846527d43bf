import { z } from 'zod';
import { revenueOf, salesRows, type SalesRow } from './hex-sales-rows.ts';
import type { SignedView } from './hex-tickets.ts';

const regionList = z.array(z.string());
const rowLimit = z.coerce.number().int().min(1);

function readRegions(json: string): readonly string[] | undefined {
  try {
    return regionList.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

/** Why a cell that references `needs` cannot render; undefined when it can. */
export function cellProblem({ attributes }: SignedView, needs: readonly string[]): string | undefined {
  const missing = needs.find((name) => !attributes.has(name));
  if (missing !== undefined) return `This cell needs the attribute ${missing}`;
  if (needs.includes('regions') && readRegions(attributes.get('regions') ?? '') === undefined) {
    return 'The attribute regions is not a JSON list of strings';
  }
  return undefined;
}

/**
 * The rows a view may show, largest revenue first. Attributes filter; inputs only narrow what they leave.
 *
 * A missing or unreadable attribute leaves no row, never all.
 */
export function visibleRows({ attributes, inputs }: SignedView): readonly SalesRow[] {
  const orgId = attributes.get('orgId');
  const allowed = readRegions(attributes.get('regions') ?? '') ?? [];
  const region = inputs.get('region');
  const topN = rowLimit.safeParse(inputs.get('topN')).data;
  return salesRows
    .filter((row) => row.orgId === orgId && allowed.includes(row.region))
    .filter((row) => region === undefined || row.region === region)
    .toSorted((a, b) => revenueOf(b) - revenueOf(a))
    .slice(0, topN);
}

/** Margins are for admins. */
export function showsMargin({ attributes }: SignedView): boolean {
  return attributes.get('userRole') === 'admin';
}
