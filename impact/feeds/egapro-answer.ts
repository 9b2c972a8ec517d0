/**
 * Interprets one answer of EgaPro about one company and year, from `/api/public/declaration/{siren}/{annee}`. 200
 * with a JSON object is a declaration when it has the key `déclaration`; 404 with a JSON object means that none is
 * published. Anything else is unknown, in particular a 404 with an HTML page, which a moved address returns for every
 * company. Pure; called by `egapro.ts`.
 */
import { champ, estObjet, ILLISIBLE, lireJson } from '../domain/contenu-json.ts'
import { declarationPubliee } from '../domain/index-egapro.ts'
import type { RaisonFait } from './raisons.ts'

/** `reponse` is the JSON text of the answer, valid for a jsonb column. */
export type EgaproFact =
  | { readonly etat: 'connu'; readonly reponse: string }
  | { readonly etat: 'absent' }
  | { readonly etat: 'inconnu'; readonly raison: RaisonFait }

const ABSENT: EgaproFact = Object.freeze({ etat: 'absent' })
export const inconnu = (raison: RaisonFait): EgaproFact => Object.freeze({ etat: 'inconnu', raison })

export const estSiren = (text: string): boolean => /^[0-9]{9}$/.test(text)

export const egaproUrl = (baseUrl: string, siren: string, annee: number): URL =>
  new URL(`${baseUrl}/api/public/declaration/${siren}/${annee}`)

/** `status` is 200 or 404, `text` the whole body. */
export function egaproFact(siren: string, status: number, text: string): EgaproFact {
  const answer = lireJson(text)
  if (answer === ILLISIBLE || !estObjet(answer) || !fitsJsonb(answer)) return inconnu('contenu_illisible')
  if (status === 404) return ABSENT
  const entreprise = champ(answer, 'entreprise')
  const named = estObjet(entreprise) ? champ(entreprise, 'siren') : undefined
  // An answer about another company (from a faulty cache) says nothing about this one.
  if (named !== undefined && named !== null && String(named) !== siren) return inconnu('contenu_illisible')
  const published = declarationPubliee(answer)
  if (published === null) return inconnu('contenu_illisible')
  return published ? { etat: 'connu', reponse: JSON.stringify(answer) } : ABSENT
}

const DEEPEST = 64

/**
 * jsonb refuses U+0000 and lone surrogates, and very deep nesting exhausts the stack: one such answer would make the insert fail
 * for all companies.
 */
function fitsJsonb(value: unknown): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST) return false
    const next: unknown[] = []
    for (const item of level) {
      if (typeof item === 'string' && !storable(item)) return false
      if (typeof item !== 'object' || item === null) continue
      for (const [key, inside] of Object.entries(item)) {
        if (!storable(key)) return false
        next.push(inside)
      }
    }
    level = next
  }
  return true
}

const storable = (text: string): boolean => text.isWellFormed() && !text.includes('\0')
