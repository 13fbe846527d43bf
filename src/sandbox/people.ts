/** Somebody who can sign in to the sandbox's host page: shown by name, known to the gateway by the claims. */
export interface Person {
  /** What the sign-in form sends; also the claim `sub`. */
  readonly id: string;
  readonly name: string;
  /** Undefined where the token lacks `org_id`. */
  readonly organisation?: { readonly id: string; readonly name: string; readonly plan: string };
  /** What the choice of people says about this one. */
  readonly note: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly regions: readonly string[];
}

const acme = { id: 'acme', name: 'Acme', plan: 'enterprise' };
const globex = { id: 'globex', name: 'Globex', plan: 'team' };
const admin = { roles: ['admin'], permissions: ['analytics', 'export'], regions: ['EU', 'US'] };
const viewer = { roles: ['viewer'], permissions: ['analytics'] };

const ada: Person = { id: 'ada', name: 'Ada', organisation: acme, note: 'Admin, all regions', ...admin };

/** Two tenants with an admin and a viewer each, and two people whom the gateway has to refuse. */
export const people: readonly Person[] = [
  ada,
  { id: 'ben', name: 'Ben', organisation: acme, note: 'Viewer, EU only', ...viewer, regions: ['EU'] },
  { id: 'grace', name: 'Grace', organisation: globex, note: 'Admin, all regions', ...admin },
  {
    id: 'hugo',
    name: 'Hugo',
    organisation: globex,
    note: 'Viewer, all regions',
    ...viewer,
    regions: ['EU', 'US'],
  },
  {
    id: 'ivy',
    name: 'Ivy',
    organisation: globex,
    note: 'Viewer without analytics: denied',
    roles: ['viewer'],
    permissions: [],
    regions: ['EU', 'US'],
  },
  { id: 'noa', name: 'Noa', note: 'No org_id in the token: refused', ...admin },
];

/** The person a session token describes unless it says otherwise. */
export const defaultPerson = ada;

export function findPerson(id: unknown): Person | undefined {
  return people.find((person) => person.id === id);
}

/** The claims of a person's session token, without the registered ones that only signing can know. */
export function claimsOf({ id, name, organisation, roles, permissions, regions }: Person) {
  return {
    sub: id,
    name,
    email: `${id}@${organisation?.id ?? 'nowhere'}.example`,
    email_verified: true,
    ...(organisation ? { org_id: organisation.id, plan: organisation.plan } : {}),
    roles,
    permissions,
    regions,
  };
}
