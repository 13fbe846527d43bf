import type { Embed, Entity } from './embed.ts';
import { authorise, mapAttributes } from './map.ts';
import { Refusal } from './refusal.ts';
import type { Session } from './session.ts';

/**
 * Finds the embed that a browser named: by its name or, where the product's own script asks, by what it
 * shows. Of several that show the same it is the first that the session may open.
 *
 * @throws {Refusal} `embed_not_found`
 */
export function findEmbed(
  embeds: ReadonlyMap<string, Embed>,
  wanted: string | Entity,
  session: Session,
): Embed {
  if (typeof wanted === 'string') {
    const embed = embeds.get(wanted);
    if (embed) return embed;
  } else {
    const showing = [...embeds.values()].filter(({ entity }) => isSame(entity, wanted));
    const embed = showing.find((one) => mayOpen(one, session)) ?? showing[0];
    if (embed) return embed;
  }
  throw new Refusal('embed_not_found');
}

/** Whether a request without inputs would get as far as being admitted. */
export function mayOpen(embed: Embed, session: Session): boolean {
  try {
    authorise(embed, session);
    embed.prepare({ session, attributes: mapAttributes(embed, session), inputs: new Map() });
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** A number is the same as its digits: an HTML attribute knows texts alone. */
function isSame(entity: Entity | undefined, { type, id }: Entity): boolean {
  return entity?.type === type && String(entity.id) === String(id);
}
