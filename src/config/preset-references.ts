import { isIssuerUrl } from './fill-in.ts';
import { presetFields, presetOf, presets, type Preset, type PresetField } from './presets.ts';
import type { Add } from './problems.ts';
import type { Raw } from './raw.ts';

const fields = Object.keys(presetFields) as PresetField[];

/** What an entry of `sessions` must say for its preset, and what it must not say without one. */
export function checkPreset(session: Raw, add: Add): void {
  const preset = presetOf(session);
  for (const field of fields) {
    if (session[field] === undefined) {
      if (preset?.needs.includes(field) === true) add([field], 'is missing');
    } else if (!usedBy(preset, field)) {
      const users = Object.entries<Preset>(presets).filter(([, other]) => usedBy(other, field));
      add([field], `goes with preset: ${users.map(([name]) => name).join(', ')} alone`);
    }
  }
  if (!preset) return;
  const { issuer, audience, authorizedParties } = session;
  if (preset.takes?.includes('authorizedParties') === true && (audience ?? authorizedParties) === undefined) {
    add(['authorizedParties'], 'is missing: without it, audience must say for whom tokens are made');
  }
  const { party } = preset;
  for (const [index, one] of (Array.isArray(authorizedParties) ? authorizedParties : []).entries()) {
    if (!party || typeof one !== 'string' || party.form.test(one)) continue;
    add(['authorizedParties', index], `must be like ${party.example} with preset: ${preset.name}`);
  }
  if (typeof issuer !== 'string' || issuer === '') return; // told by other rules
  const { form, example } = preset.issuer ?? {};
  if (!isIssuerUrl(issuer) || form?.test(issuer) === false) {
    add(['issuer'], `must be like ${example ?? 'https://HOST'} with preset: ${preset.name}`);
  }
}

function usedBy(preset: Preset | undefined, field: PresetField): boolean {
  return preset?.needs.includes(field) === true || preset?.takes?.includes(field) === true;
}
