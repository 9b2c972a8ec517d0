/** `sync_metabase` : publie, tout ou une partie, avec les options que l’équipe connaît. */
import { type Call, type Command, syncCommand, syncTables } from 'vitrine/cli'

/** Les parties de la publication, sous les noms de la commande Django d’origine. */
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
    tables: [
      ...['metabase_bdese', 'metabase_indexegapro', 'metabase_bges', 'metabase_csrd'],
      ...['metabase_vsme', 'metabase_vsme_exigence'],
    ],
  },
  stats: { flag: '-s, --stats', says: 'les statistiques du jour', tables: ['metabase_stats'] },
  analyses: { flag: '-a, --analyses', says: 'les analyses par IA', tables: ['metabase_analyseia'] },
} as const

export const syncMetabase: Command = {
  name: 'sync_metabase',
  summary: 'publie maintenant la version suivante',
  description:
    'Lit toutes les tables au même instant, construit la version suivante à côté de celle qui est publiée, la vérifie ' +
    'et bascule. Après un échec, la version précédente reste servie, entière. Les options en anglais sont celles de ' +
    '« vitrine sync ».',
  options: {
    ...Object.fromEntries(Object.values(PARTS).map(({ flag, says }) => [flag, `seulement ${says}`])),
    ...syncCommand.options,
  },
  examples: [
    { line: 'sync_metabase', says: 'publier maintenant' },
    { line: 'sync_metabase --dry-run', says: 'répéter : qu’est-ce qui changerait ?' },
    { line: 'sync_metabase --if-due', says: 'depuis un cron, chaque quart d’heure : une fois par nuit tout de même' },
    { line: 'sync_metabase -u', says: 'les utilisateurs, invitations et habilitations seulement' },
    { line: 'sync_metabase --only metabase_entreprise', says: 'une seule table' },
  ],
  run: (call) => syncTables(call, chosen(call)),
}

/** Les tables des parties demandées et de `--only` ; null pour toutes. */
function chosen(call: Call): readonly string[] | null {
  const parts = Object.entries(PARTS).filter(([name]) => call.flag(name))
  const only = call.list('only')
  if (parts.length === 0) return only
  return [...new Set([...parts.flatMap(([, { tables }]) => tables), ...(only ?? [])])]
}
