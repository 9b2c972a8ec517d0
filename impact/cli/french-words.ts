/** Les mots de chaque commande d’Impact, en français. Les erreurs gardent le texte anglais du registre de l’outil. */
import type { Words } from 'vitrine/cli'

const plural = (count: number, one: string, many: string): string =>
  count < 2 ? `${count} ${one}` : `${count} ${many}`

export const frenchWords: Words = {
  check: {
    summary: 'vérifie la publication, et la base opérationnelle si DATABASE_URL est donnée',
    description:
      'Prouve d’après les définitions que chaque valeur publiée est ouverte ou traitée, et que noms, clés et références ' +
      'tiennent. Avec DATABASE_URL, compare aussi la base opérationnelle au registre des colonnes.',
    options: { lineage: 'écrit chaque colonne publiée avec ses colonnes d’origine et leurs traitements' },
    examples: [
      { line: 'check', says: 'avant chaque commit ; aucune base n’est nécessaire' },
      { line: 'check --lineage', says: 'ce qui est publié, et ce que deviennent les données personnelles' },
    ],
    sound: (tables, columns) =>
      `La publication est saine : ${plural(tables, 'table', 'tables')}, ${plural(columns, 'colonne', 'colonnes')}.`,
    sourceAgrees: 'La base opérationnelle est conforme au registre.',
    sourceNotAsked: 'La base opérationnelle n’a pas été comparée : DATABASE_URL n’est pas donnée.',
    computed: 'aucune colonne d’origine',
    untreated: 'telle quelle',
  },
  plan: {
    summary: 'montre ce que « migrate metabase » changerait dans le schéma publié',
    description:
      'Compare le schéma publié à la publication et écrit les étapes de « migrate metabase ». Rien n’est changé. Les ' +
      'étapes sont en anglais : ce sont celles de l’outil.',
    options: {
      check: 'sort avec 6 si la publication n’est pas approuvée, ou si quelque chose l’empêche',
    },
    examples: [
      { line: 'plan', says: 'voir les étapes' },
      { line: 'plan --check', says: 'dans un déploiement : échouer si la base n’est pas migrée' },
    ],
  },
  migrate: {
    summary: 'migre la base opérationnelle, ou le schéma publié : migrate metabase',
    description:
      'Sans application, amène la base opérationnelle (DATABASE_URL) au schéma d’Impact ; une base faite par Django est ' +
      'reconnue, rien n’y est refait. Avec « metabase », amène le schéma publié (METABASE_DATABASE_URL) à ce que la ' +
      'publication décrit.',
    question: (schema) => `Tapez le nom du schéma (${schema}) pour retirer cela : `,
    options: {
      yes: 'retire tables et colonnes sans demander',
      newSource: 'metabase : remplit désormais le schéma depuis cette base opérationnelle, au lieu de celle d’avant',
    },
    examples: [
      { line: 'migrate', says: 'la base opérationnelle' },
      { line: 'migrate metabase --database metabase', says: 'le schéma publié' },
    ],
    done: (time) => `Approuvé en ${time} ; le prochain passage le publie.`,
  },
  provision: {
    summary: 'crée les rôles, le schéma et les droits dans la base lue par Metabase',
    description:
      'Crée ce qui manque, avec METABASE_ADMIN_URL si elle est donnée, sinon avec le rôle impact. Les rôles qui existent ' +
      'gardent leur mot de passe ; ceux à créer prennent celui de METABASE_DATABASE_URL et de METABASE_READER_URL.',
    options: {
      sql: 'écrit un script à coller, pour un rôle que nous n’avons pas ; aucune connexion n’est faite',
      dryRun: 'montre les étapes et ne change rien',
      withoutCreate:
        'si le rôle impact ne peut pas créer de schéma : crée ceux qu’il lui faut ; la bascule attend alors les lecteurs',
    },
    examples: [
      { line: 'provision', says: 'une fois, et quand doctor trouve un droit manquant' },
      { line: 'provision --sql > provision.sql', says: 'quand les rôles sont créés par quelqu’un d’autre' },
    ],
    nothing: 'Rien à faire : rôles, schéma et droits sont comme il faut.',
    done: (steps) => `${plural(steps, 'étape faite', 'étapes faites')}.`,
    marks: { made: '+', kept: ' ', left: '!' },
  },
  sync: {
    summary: 'publie maintenant la version suivante',
    description:
      'Lit toutes les tables au même instant, construit la version suivante à côté de celle qui est publiée, la vérifie ' +
      'et bascule. Après un échec, la version précédente reste servie, entière.',
    options: {
      dryRun: 'fait tout sauf la bascule, et montre ce qui changerait',
      only: 'ne relit que ces tables ; les autres restent comme elles sont publiées',
      allowShrink: 'accepte qu’une table perde plus de lignes que permis',
      ifDue: 'publie seulement si rien ne l’a été depuis la dernière échéance : pour le cron d’une plateforme',
    },
    examples: [
      { line: 'sync_metabase', says: 'publier maintenant' },
      { line: 'sync_metabase --dry-run', says: 'répéter : qu’est-ce qui changerait ?' },
      { line: 'sync_metabase --if-due', says: 'depuis un cron, chaque quart d’heure : une fois par nuit tout de même' },
      { line: 'sync_metabase -u', says: 'les utilisateurs, invitations et habilitations seulement' },
      { line: 'sync_metabase --only metabase_entreprise', says: 'une seule table' },
    ],
    columns: {
      table: 'table',
      rows: 'lignes',
      added: 'ajoutées',
      changed: 'modifiées',
      removed: 'retirées',
      time: 'durée',
    },
    carried: 'inchangée',
    unknown: (table, rows, why) =>
      `${table} : ${plural(rows, 'ligne', 'lignes')} dont une donnée est inconnue (${why})`,
    notDue: (next) => `Rien à faire : prochaine publication prévue le ${next}.`,
    published: (instant, tables, time, held) =>
      `${plural(tables, 'table publiée', 'tables publiées')} en ${time}. Données du ${instant}. Instantané tenu ${held} dans la base opérationnelle.`,
    rehearsed: (instant, time, held) =>
      `Répétition faite en ${time} sur les données du ${instant}. Instantané tenu ${held} dans la base opérationnelle. Rien n’a été publié.`,
    phases: {
      check: 'vérification',
      snapshot: 'ouverture de l’instantané',
      stage: 'préparation',
      verify: 'contrôle',
      publish: 'bascule',
      describe: 'comparaison',
      record: 'enregistrement',
    },
    staged: (table, rows, time) => `${table} : ${rows} lignes en ${time}`,
    rows: (rows) => `${rows} lignes`,
    notice: 'note',
  },
  schedule: {
    summary: 'reste en marche, relève les sources publiques et publie à chaque échéance',
    description:
      'Relève les sources publiques puis publie à chaque échéance, une seule fois quoi qu’il publie à côté : une version ' +
      'commencée depuis compte. Une échéance manquée est rattrapée au démarrage. Ce qui peut s’arranger est réessayé, à intervalles ' +
      'croissants ; une échéance abandonnée, ou passée sans version, déclenche une alerte. SIGINT et SIGTERM l’arrêtent ' +
      'proprement. Avec --listen, répond à la surveillance : /health (200 à jour, 503 sinon) et /metrics (pour Prometheus).',
    options: { listen: 'répond à /health et /metrics à hôte:port, ou à un port de 127.0.0.1' },
    examples: [
      { line: 'schedule', says: 'en service' },
      { line: 'nuit', says: 'à la place, depuis un cron de la plateforme, chaque quart d’heure' },
    ],
    listening: (url) => `À l’écoute : ${url}/health et ${url}/metrics.`,
    next: (instant) => `Prochaine publication : ${instant}.`,
    noLongerDue: 'Plus rien à faire : une autre exécution a publié.',
    again: (attempts, pause) => `${plural(attempts, 'échec', 'échecs')} ; nouvel essai dans ${pause}.`,
    busy: 'En attente de l’autre exécution.',
    ended: 'Arrêté.',
  },
  status: {
    summary: 'montre la fraîcheur des tables publiées et les dernières exécutions',
    description:
      'Écrit la fraîcheur de chaque table, les dernières exécutions, celle en cours s’il y en a une, et quand vient la ' +
      'suivante. Sort avec 9 si l’exécution prévue n’a pas publié une heure après.',
    options: {
      runs: 'nombre d’exécutions à montrer (1 par défaut)',
      alarm: 'donne l’alerte à VITRINE_ALARM_WEBHOOK si la version est trop ancienne, ou si la base ne répond pas',
    },
    examples: [
      { line: 'status', says: 'ce que montre Metabase date-t-il d’aujourd’hui ?' },
      { line: 'status --runs 14', says: 'les deux dernières semaines' },
      { line: 'status --alarm', says: 'depuis un cron : ce qui devrait publier est peut-être mort' },
    ],
    columns: { table: 'table', rows: 'lignes', dataOf: 'données du', publishedAt: 'publiée le' },
    never: 'jamais',
    runColumns: { run: 'n°', started: 'début', trigger: 'par', state: 'état', time: 'durée', error: 'erreur' },
    states: { running: 'en cours', succeeded: 'réussie', failed: 'échouée', ended: 'arrêtée sans rien dire' },
    triggers: { command: 'commande', schedule: 'horaire', rollback: 'retour' },
    noRun: 'Aucune exécution.',
    underWay: (session, seconds) => `Une exécution est en cours : session ${session}, depuis ${seconds} s.`,
    next: (instant) => `Prochaine publication : ${instant}.`,
    fresh: 'À jour : la dernière exécution prévue a publié.',
    tries: (failed, budget, error) =>
      `Pour cette échéance, ${plural(failed, 'essai échoué', 'essais échoués')} sur ${budget}, le dernier avec ${error}.`,
  },
  runs: {
    summary: 'montre le journal des dernières exécutions, ou d’une seule',
    description:
      'Écrit les dernières exécutions, la plus récente d’abord : début, origine, fin et cause. Avec le numéro d’une ' +
      'exécution, tout ce qui en est enregistré : ses phases et, pour chaque table, les lignes, ce qui a changé depuis la ' +
      'version d’avant, ce qui est inconnu et ce qui a paru peu plausible.',
    options: { last: 'nombre d’exécutions à montrer (20 par défaut)' },
    examples: [
      { line: 'runs', says: 'les vingt dernières' },
      { line: 'runs 42', says: 'l’exécution 42, table par table' },
    ],
    dataOf: (instant) => `Données du ${instant}.`,
    unpublished: 'Rien n’a été publié.',
    phases: (times) => `Phases : ${times}.`,
    held: (time) => `Instantané tenu ${time} dans la base opérationnelle.`,
    warning: (place, text) => `peu plausible : ${place} : ${text}`,
  },
  rollback: {
    summary: 'revient à la version d’avant',
    description:
      'Remet en service la version précédente, gardée hors de vue, et garde la présente à sa place : un second retour ' +
      'annule le premier. Rien n’est lu dans la base opérationnelle. L’historique ne revient pas en arrière : chaque jour ' +
      'enregistré reste. Le retour est dans le journal. À la prochaine échéance la publication reprend : corriger la cause avant.',
    options: {},
    examples: [
      { line: 'rollback', says: 'ce qui a été publié cette nuit est faux' },
      { line: 'sync_metabase', says: 'une fois la cause corrigée' },
    ],
    done: (instant, time) =>
      `Retour fait en ${time}. ${instant === null ? '' : `Metabase montre les données du ${instant}.`}`.trim(),
    afterwards: (nextDue) =>
      `Un second retour annule celui-ci. La prochaine publication, le ${nextDue}, relira la base opérationnelle.`,
  },
  doctor: {
    summary: 'prouve que les promesses sur les rôles, les droits et la séparation tiennent',
    description:
      'Se connecte comme impact, comme metabase si METABASE_READER_URL est donnée, à la base opérationnelle si ' +
      'DATABASE_URL est donnée, et essaie ce que chacun peut et ne peut pas. Rien n’en reste. Sort avec 5 si une promesse ' +
      'ne tient pas. Les promesses sont en anglais : ce sont celles de l’outil.',
    options: {},
    examples: [{ line: 'doctor', says: 'après provision, après une mise à jour, et de temps en temps' }],
    expected: 'attendu',
    found: 'trouvé',
    repair: 'réparation',
    healthy: (guarantees, warnings) =>
      `${plural(guarantees, 'promesse tient', 'promesses tiennent')}${warnings === 0 ? '' : ` ; ${plural(warnings, 'avertissement', 'avertissements')}`}.`,
    noReader: 'METABASE_READER_URL n’est pas donnée : rien n’a été essayé comme metabase',
  },
  history: {
    summary: 'exporte ou importe les jours enregistrés d’une table d’historique, en CSV',
    description:
      'Les tables d’historique s’accumulent, une ligne par jour, et ne peuvent pas être recalculées : leurs jours sont ' +
      'gardés dans un registre que drop ne touche pas. L’export les écrit sur la sortie standard. L’import ajoute les ' +
      'jours d’un fichier au registre, tous ou aucun ; la prochaine publication les montre. Les jours déjà enregistrés ' +
      'restent.',
    options: {
      replace: 'import : prend les jours du fichier à la place de ceux enregistrés',
      dryRun: 'import : vérifie le fichier et n’enregistre rien',
    },
    examples: [
      { line: 'history export metabase_stats > stats.csv', says: 'une copie à mettre en lieu sûr' },
      { line: 'history import metabase_stats stats.csv --dry-run', says: 'le fichier est-il compris ?' },
      { line: 'history import metabase_stats stats.csv', says: 'reprendre des jours d’avant' },
    ],
    imported: (days, added, replaced, kept) =>
      `Jours du fichier : ${days}. Ajoutés ${added}, remplacés ${replaced}, gardés ${kept}.`,
    range: (first, last) => `Du ${first} au ${last}.`,
    published: 'La prochaine publication les montrera.',
    rehearsed: 'Rien n’a été enregistré.',
  },
  drop: {
    summary: 'retire ce que l’outil a fait dans la base lue par Metabase',
    description:
      'Retire les tables publiées, les vues qui en parlent, la version gardée et ce que les exécutions ont laissé. Le schéma ' +
      'avec ses droits, le journal des exécutions, l’historique et tout ce que d’autres ont fait restent. Les tableaux de ' +
      'bord sont vides jusqu’à rebuild.',
    options: {
      yes: 'le fait sans demander',
      history: 'oublie aussi les jours enregistrés des tables d’historique ; ils ne peuvent pas être recalculés',
    },
    examples: [
      { line: 'drop', says: 'voir ce qui partirait, et répondre' },
      { line: 'drop --yes && impact rebuild', says: 'tout reconstruire ; l’historique revient' },
    ],
    removes: (schema) => `Sera retiré de ${schema} :`,
    keeps: 'Restera :',
    blocked: 'Gêne :',
    nothing: 'Rien à retirer.',
    question: (schema) => `Écrire le nom du schéma (${schema}) pour le retirer : `,
    historyQuestion: (days) => `Écrire le nombre de jours enregistrés (${days}) pour les oublier à jamais : `,
    done: 'Retiré.',
  },
  rebuild: {
    summary: 'remet rôles, droits, schéma, historique et données en place',
    description:
      'Fait ce que font provision, migrate metabase et sync_metabase, dans cet ordre, quel que soit l’état de la base : ' +
      'après drop, après un DROP SCHEMA à la main, sur un nouveau serveur. Ce qui tient encore est servi jusqu’à ce que la ' +
      'nouvelle version soit entière. Les jours d’historique viennent du registre. Les rôles et les droits sont faits avec ' +
      'METABASE_ADMIN_URL si elle est donnée, avec impact sinon ; s’il en reste à donner par quelqu’un d’autre, la publication ' +
      'a lieu tout de même et la sortie est 5.',
    options: {
      allowShrink: 'accepte qu’une table perde plus de lignes que permis',
      yes: 'retire tables et colonnes sans demander',
    },
    examples: [
      { line: 'rebuild', says: 'après drop, ou quand quelque chose a été retiré à la main' },
      { line: 'doctor', says: 'ensuite : la preuve' },
    ],
    left: (steps) =>
      `${plural(steps, 'droit doit être donné', 'droits doivent être donnés')} par quelqu’un d’autre : voir \`vitrine provision --sql\`.`,
  },
}
