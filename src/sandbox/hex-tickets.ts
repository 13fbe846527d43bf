import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { HexProject } from './hex-projects.ts';
import type { PresignRequest } from './hex-request.ts';

/** What one embed URL was signed with: all that its page may depend on. */
export interface SignedView {
  readonly project: HexProject;
  /** The declared attributes only. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly inputs: ReadonlyMap<string, unknown>;
  readonly scopes: readonly string[];
  readonly display: PresignRequest['displayOptions'];
}

type Ticket = { readonly view: SignedView; readonly expiresAtMs: number } | 'viewed';

export type Opening = SignedView | 'viewed' | 'expired' | 'unknown';

/** Signed URLs that wait to be viewed, and the memory of those that were. The newest 10,000 are kept. */
export class HexTickets {
  readonly #tickets = new LRUCache<string, Ticket>({ max: 10_000 });

  /** @returns 43 base64url characters that open the view once */
  issue(project: HexProject, request: PresignRequest, nowMs: number): string {
    const id = randomBytes(32).toString('base64url');
    const declared = Object.entries(request.hexUserAttributes).filter(([name]) =>
      project.declares.includes(name),
    );
    const view: SignedView = {
      project,
      attributes: new Map(declared),
      inputs: new Map(Object.entries(request.inputParameters)),
      scopes: request.scope,
      display: request.displayOptions,
    };
    this.#tickets.set(id, { view, expiresAtMs: nowMs + request.expiresIn });
    return id;
  }

  /** Opens a ticket. The first call in time gets the view; reading and marking are one step, with no await between. */
  open(id: string, nowMs: number): Opening {
    const ticket = this.#tickets.get(id);
    if (ticket === undefined) return 'unknown';
    if (ticket === 'viewed') return 'viewed';
    if (nowMs > ticket.expiresAtMs) return 'expired';
    this.#tickets.set(id, 'viewed');
    return ticket.view;
  }
}
