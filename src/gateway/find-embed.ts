import type { Embed, Entity } from './embed.ts';
import { createGiveWay } from './give-way.ts';
import { authorise, mapAttributes } from './map.ts';
import { Refusal } from './refusal.ts';
import type { Session } from './session.ts';

/**
 * Finds the embed that a browser named: by its name or, where the product's own script asks, by what it
 * shows. Of several that show the same it is the first that the session may open.
 *
 * @throws {Refusal} `embed_not_found`
 */
export async function findEmbed(
  embeds: ReadonlyMap<string, Embed>,
  wanted: string | Entity,
  session: Session,
): Promise<Embed> {
  if (typeof wanted === 'string') {
    const embed = embeds.get(wanted);
    if (embed) return embed;
  } else {
    const showing = [...embeds.values()].filter(({ entity }) => isSame(entity, wanted));
    const [first] = await openable(showing, session, 1);
    const embed = first ?? showing[0];
    if (embed) return embed;
  }
  throw new Refusal('embed_not_found');
}

/** The embeds, at most `max`, that the session may open: those that would neither be denied nor lack an attribute. */
export async function openable(
  embeds: Iterable<Embed>,
  session: Session,
  max = Infinity,
): Promise<readonly Embed[]> {
  const giveWay = createGiveWay();
  const found: Embed[] = [];
  for (const embed of embeds) {
    if (mayOpen(embed, session)) found.push(embed);
    if (found.length >= max) break;
    await giveWay();
  }
  return found;
}

/** Whether a request without inputs would get as far as being admitted. */
function mayOpen(embed: Embed, session: Session): boolean {
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
