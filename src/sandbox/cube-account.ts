import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AttributeValue, SessionRequest } from './cube-request.ts';

/** What an account keeps of an external user, from one call to the next. */
export interface CubeUser {
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  readonly groups: readonly string[];
}

/** Whom a session is for. */
export interface CubeViewer {
  readonly externalId: string;
  /** What readers create is theirs who have the same; undefined outside creator mode, where they create nothing. */
  readonly workspace?: string | undefined;
}

interface Waiting extends CubeViewer {
  readonly expiresAtMs: number;
  /** What it was exchanged for; undefined while it waits. */
  readonly token?: string;
}

const sessionMs = 5 * 60_000;
const tokenMs = 24 * 3_600_000;

/** External users that an account may have. */
export const usersMax = 10_000;

const nobody: CubeUser = { attributes: new Map(), groups: [] };

function randomId(): string {
  return randomBytes(32).toString('base64url');
}

/** Users, the sessions that wait for a frame, and the tokens that frames hold; of the latter the newest 10,000. */
export class CubeAccount {
  readonly #users = new Map<string, CubeUser>();
  readonly #sessions = new LRUCache<string, Waiting>({ max: 10_000 });
  readonly #tokens = new LRUCache<string, Waiting>({ max: 10_000 });

  hasRoomFor(externalId: string): boolean {
    return this.#users.has(externalId) || this.#users.size < usersMax;
  }

  /**
   * Lays a call over what is known of a user. Names that it does not carry keep their values, and without `groups` the
   * memberships stay: Cube forgets nothing by itself.
   */
  update(
    externalId: string,
    { userAttributes, groups }: Pick<SessionRequest, 'userAttributes' | 'groups'>,
  ): void {
    const known = this.#users.get(externalId) ?? nobody;
    const attributes = new Map(known.attributes);
    for (const { name, value } of userAttributes) {
      if (value === null) attributes.delete(name);
      else attributes.set(name, value);
    }
    this.#users.set(externalId, { attributes, groups: groups ?? known.groups });
  }

  /** @returns a session id that is exchanged once, within five minutes */
  open(viewer: CubeViewer, nowMs: number): string {
    const id = randomId();
    this.#sessions.set(id, { ...viewer, expiresAtMs: nowMs + sessionMs });
    return id;
  }

  /** @returns a token for 24 hours; undefined when the session is unknown, used, too old or revoked */
  exchange(sessionId: string, nowMs: number): string | undefined {
    const session = this.#sessions.get(sessionId);
    if (session === undefined || session.token !== undefined || nowMs > session.expiresAtMs) return undefined;
    const token = randomId();
    this.#sessions.set(sessionId, { ...session, token });
    this.#tokens.set(token, { ...session, expiresAtMs: nowMs + tokenMs });
    return token;
  }

  /** @returns whom a token is for; undefined when it is unknown, expired or revoked */
  viewerOf(token: string, nowMs: number): CubeViewer | undefined {
    const held = this.#tokens.get(token);
    return held === undefined || nowMs > held.expiresAtMs ? undefined : held;
  }

  /** What is known of a user now: later calls count for frames that are open already. */
  userOf({ externalId }: CubeViewer): CubeUser {
    return this.#users.get(externalId) ?? nobody;
  }

  /** Ends a session and what it was exchanged for. Doing it again changes nothing. */
  revoke(sessionId: string): void {
    const token = this.#sessions.get(sessionId)?.token;
    if (token !== undefined) this.#tokens.delete(token);
    this.#sessions.delete(sessionId);
  }
}
