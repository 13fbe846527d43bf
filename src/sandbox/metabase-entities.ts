import type { Slugs } from './metabase-parameters.ts';
import type { EntityType } from './metabase-token.ts';

/** What a publisher made embeddable, or did not. */
interface Entity {
  readonly type: EntityType;
  readonly id: number;
  readonly entityId: string;
  readonly title: string;
  readonly embedding: boolean;
  readonly slugs: Slugs;
}

const locked: Slugs = { tenant: 'locked', regions: 'locked' };
const slugs: Slugs = { ...locked, reason: 'editable', account: 'disabled' };

/** Two dashboards, of which one may be embedded, and a question. Their numbers are apart: both may have the same one. */
const entities: readonly Entity[] = [
  { type: 'dashboard', id: 8, entityId: 'ch-Urn_0verview-2026x', title: 'Churn', embedding: true, slugs },
  {
    type: 'dashboard',
    id: 9,
    entityId: 'ch-Urn_1nternal-2026x',
    title: 'Churn, internal',
    embedding: false,
    slugs,
  },
  {
    type: 'question',
    id: 9,
    entityId: 'ch-Urn_q4estion-2026x',
    title: 'Who left?',
    embedding: true,
    slugs: locked,
  },
];

export function findEntity(type: EntityType, id: number | string): Entity | undefined {
  return entities.find((entity) => entity.type === type && (entity.id === id || entity.entityId === id));
}
