/** What `npm start` says, in French. */
import type { CommandWords } from 'vitrine/cli'

export const startWords = {
  summary: 'démarre tout le système sur cette machine',
  description:
    'Sans DATABASE_URL ni METABASE_DATABASE_URL, démarre deux vrais serveurs PostgreSQL : la base opérationnelle d’Impact, ' +
    'remplie de données inventées, et la base lue par Metabase. Puis publie, et publie encore chaque nuit à minuit jusqu’à ' +
    'Ctrl-C. Avec les deux variables, fait la même chose sur ces bases-là.',
  options: {
    once: 'publie une fois, puis arrête tout',
    size: 'taille des données inventées : S (300 entreprises), M (5 000) ou L (50 000) ; M par défaut',
    fresh: 'efface les données de démonstration et recommence',
    sample: 'avec DATABASE_URL : charge des données inventées si la base opérationnelle est vide',
    port: 'port de la base opérationnelle ; celle de Metabase prend le suivant (libres par défaut)',
    data: 'dossier des données de démonstration (.vitrine par défaut)',
  },
  examples: [
    { line: '', says: 'tout démarrer' },
    { line: '-- --once', says: 'une publication, et puis rien ne reste en marche' },
    { line: '-- --fresh --size S', says: 'recommencer avec peu de données' },
  ],
  steps: {
    cleared: 'anciennes données effacées',
    operationalServer: (adopted: boolean) => `serveur de la base opérationnelle ${adopted ? 'repris' : 'démarré'}`,
    targetServer: (adopted: boolean) => `serveur de la base de Metabase ${adopted ? 'repris' : 'démarré'}`,
    migrated: 'base opérationnelle migrée',
    untouched: 'base opérationnelle : les tables de l’application y sont, rien n’y est changé',
    loaded: (size: string, companies: string) => `données inventées, taille ${size} : ${companies} entreprises`,
    kept: (size: string) => `données déjà là${size === '' ? '' : `, taille ${size}`}`,
    provisioned: 'rôles et droits en place',
    published: 'schéma publié migré',
    stopped: 'serveurs arrêtés',
  },
  reader: (url: string) => `Lecture seule, rôle metabase : ${url}`,
  environment: (file: string) => `Pour les autres commandes : set -a; . '${file}'; set +a; npm run impact -- status`,
  untilInterrupt: 'Ctrl-C arrête tout.',
  interrupted: 'Arrêt en cours. Encore une fois pour quitter aussitôt, sans arrêter les serveurs.',
} as const satisfies CommandWords & Readonly<Record<string, unknown>>
