/** Les mots communs à toutes les commandes d’Impact, en français. Ceux de chaque commande sont dans `french-words.ts`. */
import type { Language } from 'vitrine/cli'

const alarms: Language['alarms'] = {
  alarm: 'alerte',
  failed: (publication, due, attempts, error) =>
    `Vitrine ${publication} : rien n’est publié pour l’échéance du ${due}, après ${attempts} ${attempts < 2 ? 'essai' : 'essais'}. ${error} La version précédente reste servie.`,
  stale: (publication, due, minutes, error) =>
    `Vitrine ${publication} : toujours rien de publié ${minutes} minutes après l’échéance du ${due}.${error === null ? '' : ` ${error}`} La version précédente reste servie.`,
  warnings: (publication, warnings) => `Vitrine ${publication} : publié, avec un contenu suspect. ${warnings}`,
  preparation: (publication, error) =>
    `Vitrine ${publication} : une étape avant la publication a échoué ; la publication continue avec ce qui est là. ${error}`,
  undelivered: (variable, reason) => `${variable} n’a pas été joint : ${reason}.`,
}

export const french: Language = Object.freeze({
  locale: 'fr-FR',
  moment: (at: Date, zone: string) =>
    new Intl.DateTimeFormat('fr-FR', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(at),
  help: {
    usage: 'Utilisation :',
    commands: 'Commandes :',
    options: 'Options :',
    examples: 'Exemples :',
    environment: 'Environnement :',
    exitStatuses: 'Codes de sortie :',
    command: '<commande>',
    parameters: '[options]',
    showHelp: 'affiche cette aide',
    showVersion: 'affiche la version',
    json: 'écrit le résultat en JSON sur la sortie standard, erreurs comprises',
    publication: 'module qui exporte la publication',
    variables: {
      DATABASE_URL: 'la base opérationnelle d’Impact',
      METABASE_DATABASE_URL: 'la base lue par Metabase, avec le rôle impact',
      METABASE_READER_URL: 'la même base avec le rôle metabase : pour provision et doctor',
      METABASE_ADMIN_URL: 'la même base avec un rôle qui peut créer des rôles : pour provision',
      VITRINE_PSEUDONYM_KEY: 'au moins 32 caractères tirés au hasard, si la publication utilise des pseudonymes',
      VITRINE_ALARM_WEBHOOK: 'reçoit chaque alerte, par POST : par exemple le webhook entrant d’une messagerie',
      VITRINE_ALARM_FORMAT:
        'json (par défaut) : l’alerte entière ; chat : un texte seul, pour Slack, Mattermost et autres',
      VITRINE_PING_URL: 'est appelée après chaque publication à l’échéance : son silence donne l’alerte',
      VITRINE_HTTP_ADDRESS:
        'où schedule répond à /health et /metrics : hôte:port, ou un port sur 127.0.0.1 (nulle part par défaut)',
    },
    statuses: {
      '0': 'fait',
      '1': 'cas inconnu de l’outil',
      '2': 'la ligne de commande ou un réglage est faux',
      '3': 'la publication est fausse',
      '4': 'une base est injoignable',
      '5': 'un droit manque',
      '6': 'une base n’est pas celle attendue',
      '7': 'les données sont refusées ; la version précédente reste',
      '8': 'une autre exécution ou session gêne ; réessayer',
      '9': 'la version publiée est trop ancienne',
      '130': 'interrompu',
    },
  },
  interrupted: 'Interruption : la version précédente reste. Encore une fois pour quitter aussitôt.',
  alarms,
})
