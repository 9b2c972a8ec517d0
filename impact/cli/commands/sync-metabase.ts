/** `sync_metabase` : la publication, avec les options que l’équipe connaît pour n’en refaire qu’une partie. */
import { type Call, type Command, defineCommand, type SyncWords, sync } from 'vitrine/cli'

/** Les parties de la publication sous leurs noms d’origine. */
const PARTS = {
  entreprises: { flag: '-e, --entreprises', says: 'les entreprises', tables: ['metabase_entreprise'] },
  utilisateurs: {
    flag: '-u, --utilisateurs',
    says: 'les utilisateurs, invitations et habilitations',
    tables: ['metabase_utilisateur', 'metabase_invitation', 'metabase_habilitation'],
  },
  reglementations: {
    flag: '-r, --reglementations',
    says: 'les réglementations',
    tables: ['metabase_bdese', 'metabase_indexegapro', 'metabase_bges', 'metabase_csrd', 'metabase_vsme'],
  },
  stats: { flag: '-s, --stats', says: 'les statistiques du jour', tables: ['metabase_stats'] },
  analyses: { flag: '-a, --analyses', says: 'les analyses par IA', tables: ['metabase_analyseia'] },
} as const

type Part = keyof typeof PARTS
// sound because the keys of a literal object are its keys.
const NAMES = Object.keys(PARTS) as Part[]

/** Les tables des parties demandées, avec celles de --only ; null pour toutes. */
function chosen(call: Call): readonly string[] | null {
  const parts = NAMES.filter((name) => call.flag(name))
  const only = call.list('only')
  if (parts.length === 0) return only
  return [...new Set([...parts.flatMap((name) => PARTS[name].tables), ...(only ?? [])])]
}

export function defineSyncMetabase(base: Command, words: SyncWords): Command {
  const own = defineCommand(
    'sync_metabase',
    { ...words, options: Object.fromEntries(NAMES.map((name) => [name, `seulement ${PARTS[name].says}`])) },
    Object.fromEntries(NAMES.map((name) => [name, PARTS[name].flag])),
    (call) => sync(call, words, chosen(call)),
  )
  return Object.freeze({ ...own, options: [...base.options, ...own.options] })
}
