export interface HexProject {
  readonly id: string;
  readonly title: string;
  /** Attributes in the project's Variables tab; Hex ignores every other one. */
  readonly declares: readonly string[];
  readonly published: boolean;
  readonly embeddingEnabled: boolean;
}

/** The projects of the stand-in's workspace. */
export const hexProjects = {
  sales: {
    id: 'd148ce6e-fc3b-40cb-9bdc-52b02d470061',
    title: 'Sales overview',
    declares: ['orgId', 'userRole', 'regions'],
    published: true,
    embeddingEnabled: true,
  },
  handbook: {
    id: '5a8591dd-4039-49df-9202-96385ba3eff8',
    title: 'Metrics handbook',
    declares: [],
    published: true,
    embeddingEnabled: true,
  },
  draft: {
    id: '0b9f6a52-7c1e-4d83-a6f4-2e5d8c910734',
    title: 'Next year, a draft',
    declares: ['orgId'],
    published: false,
    embeddingEnabled: true,
  },
  internal: {
    id: '93d0c4b7-15ae-4f62-8b39-6a7e2f01c5d8',
    title: 'Internal forecast',
    declares: ['orgId'],
    published: true,
    embeddingEnabled: false,
  },
} as const satisfies Record<string, HexProject>;

/** Finds a project by its UUID, upper or lower case. */
export function findProject(projectId: string): HexProject | undefined {
  return Object.values(hexProjects).find((project) => project.id === projectId.toLowerCase());
}
