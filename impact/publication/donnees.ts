/** Les tables publiées d’Impact et leurs réglages : ce que Metabase voit, et rien d’autre. */
import { definePublication } from 'vitrine'
import { analyseIa } from './analyse-ia.ts'
import { bdese } from './bdese.ts'
import { bges } from './bges.ts'
import { csrd } from './csrd.ts'
import { entreprise } from './entreprise.ts'
import { habilitation } from './habilitation.ts'
import { indexEgapro } from './index-egapro.ts'
import { invitation } from './invitation.ts'
import { obligations, reglementation } from './obligations.ts'
import { source } from './register.ts'
import { stats } from './stats.ts'
import { utilisateur } from './utilisateur.ts'
import { vsme } from './vsme.ts'
import { vsmeExigence } from './vsme-exigence.ts'

export const donnees = definePublication({
  name: 'impact',
  schema: 'impact',
  source,
  writer: 'impact',
  reader: 'metabase',
  zone: 'Europe/Paris',
  pureRules: true,
  schedule: '0 0 * * *',
  // Quelques tables ont peu de lignes mais de longs documents : à partir de mille, ne lire que les changements coûte moins.
  limits: { deltaFloorRows: 1_000 },
  metabase: { source: 'Impact', team: 'equipe' },
  locale: 'fr-FR',
  tables: [
    entreprise,
    utilisateur,
    invitation,
    habilitation,
    bdese,
    indexEgapro,
    bges,
    csrd,
    vsme,
    vsmeExigence,
    analyseIa,
  ],
  histories: [stats],
  views: [reglementation, obligations],
  persons: { tables: ['metabase_utilisateur', 'metabase_invitation', 'metabase_habilitation'], smallest: 5 },
  freshness: {
    name: 'metabase_fraicheur',
    comment: 'Fraîcheur des données : de quand date chaque table publiée.',
    columns: { table: 'nom_table', rows: 'nombre_lignes', dataOf: 'donnees_du', publishedAt: 'publiee_le' },
  },
  runs: {
    name: 'metabase_executions',
    comment: 'Les exécutions qui publient ces tables, échecs compris.',
    columns: {
      run: { name: 'numero', comment: 'Numéro de l’exécution' },
      startedAt: { name: 'debut', comment: 'Quand elle a commencé' },
      finishedAt: { name: 'fin', comment: 'Quand elle a fini ; vide si elle est en cours' },
      state: { name: 'etat', comment: 'En cours, réussie ou échouée' },
      trigger: {
        name: 'origine',
        comment: 'Ce qui l’a lancée : une commande, l’horaire ou un retour à la version d’avant',
      },
      dataOf: { name: 'donnees_du', comment: 'De quand datent les données publiées' },
      publishedAt: { name: 'publiee_le', comment: 'Quand elle a publié ; vide si elle n’a rien publié' },
      seconds: { name: 'duree_secondes', comment: 'Durée, en secondes' },
      tables: { name: 'nombre_tables', comment: 'Nombre de tables relues' },
      rows: { name: 'nombre_lignes', comment: 'Nombre de lignes de ces tables' },
      errorCode: {
        name: 'code_erreur',
        comment: 'Pourquoi elle a échoué ; la référence des erreurs explique les codes',
      },
    },
    states: { running: 'en cours', succeeded: 'réussie', failed: 'échouée' },
    triggers: { command: 'commande', schedule: 'horaire', follow: 'suivi', rollback: 'retour' },
  },
  unknowns: {
    name: 'metabase_inconnus',
    comment: 'Pourquoi des valeurs des tables publiées sont inconnues, et dans combien de lignes.',
    columns: {
      table: { name: 'nom_table', comment: 'Table publiée' },
      reason: { name: 'raison', comment: 'Raison pour laquelle une valeur de la ligne est inconnue' },
      rows: { name: 'nombre_lignes', comment: 'Nombre de lignes concernées' },
      dataOf: { name: 'donnees_du', comment: 'De quand datent les données de la table' },
    },
  },
})
