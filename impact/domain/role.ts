/**
 * Le rôle proposé par une invitation, sous les mots que les questions enregistrées utilisent. L’application s’apprête à
 * renommer deux de ses rôles : les deux écritures donnent le même mot publié.
 */
import type { RaisonInconnu } from './statuts.ts'

export const ROLES = ['proprietaire', 'editeur', 'lecteur'] as const
export type Role = (typeof ROLES)[number]

const PUBLIES: ReadonlyMap<string, Role> = new Map([
  ...ROLES.map((role) => [role, role] as const),
  ['administrateur', 'proprietaire'],
  ['contributeur', 'editeur'],
])

/** Un rôle hors de la liste est inconnu, et son texte n’est pas publié. */
export function rolePublie(role: string): { readonly role: Role | null; readonly inconnu: RaisonInconnu | null } {
  const publie = PUBLIES.get(role) ?? null
  return { role: publie, inconnu: publie === null ? 'role_inconnu' : null }
}
