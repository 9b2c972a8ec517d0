/** The words of the page, French and English. A text takes its values as `{0}`, `{1}`. */
import type { Language } from '../base/language.ts'

type Both = readonly [fr: string, en: string]

/** Makes of a catalogue the function that says its texts; a place may have a catalogue of its own. */
export const sayingOf =
  <Key extends string>(texts: Readonly<Record<Key, Both>>) =>
  (language: Language, key: Key, ...values: readonly (string | number)[]): string =>
    texts[key][language === 'fr' ? 0 : 1].replace(/\{(\d)\}/g, (_, at) => String(values[Number(at)] ?? ''))

const TEXTS = {
  dashboards: ['Tableaux de bord', 'Dashboards'],
  dictionary: ['Dictionnaire', 'Dictionary'],
  runs: ['Mises à jour', 'Runs'],
  state: ['État', 'State'],
  places: ['Pages', 'Pages'],
  skip: ['Aller au contenu', 'Skip to the content'],
  dataOf: ['Données du {0}', 'Data of {0}'],
  nothingPublished: ['Rien n’est publié', 'Nothing is published'],
  unreachable: ['Les données ne répondent pas', 'The data do not answer'],
  noDashboards: ['Aucun tableau de bord n’est défini.', 'No dashboard is defined.'],
  cards: ['Les chiffres', 'The figures'],
  filters: ['Filtres', 'Filters'],
  apply: ['Appliquer', 'Apply'],
  reset: ['Réinitialiser', 'Reset'],
  ignored: [
    'L’adresse donne au filtre {0} une valeur qu’il n’a pas : elle est laissée de côté.',
    'The address gives the filter {0} a value that it does not have: it is left out.',
  ],
  from: ['du', 'from'],
  to: ['au', 'to'],
  all: ['Tout', 'All'],
  yes: ['Oui', 'Yes'],
  no: ['Non', 'No'],
  chosen: ['{0} choisis', '{0} chosen'],
  unknown: ['inconnu', 'unknown'],
  rowsOf: ['Les lignes derrière « {0} »', 'The rows behind “{0}”'],
  firstRows: ['{0}-premieres-lignes', 'first-{0}-rows'],
  otherLanguage: ['English', 'Français'],
  logIn: ['Se connecter', 'Log in'],
  logOut: ['Se déconnecter', 'Log out'],
  password: ['Mot de passe', 'Password'],
  wrongPassword: ['Ce mot de passe n’est pas le bon.', 'This password is not the right one.'],
  notFound: ['Cette page n’existe pas', 'This page does not exist'],
  notFoundDetail: [
    'L’adresse est peut-être ancienne. Les tableaux de bord sont dans le menu.',
    'The address may be an old one. The dashboards are in the menu.',
  ],
  notAllowed: ['Cette action n’est pas permise', 'This action is not allowed'],
  notAllowedDetail: [
    'Elle demande le rôle d’opérateur, ou la page était ouverte depuis trop longtemps : rechargez-la.',
    'It needs the role of operator, or the page was open for too long: load it again.',
  ],
  ended: ['La session est terminée', 'The session is over'],
  endedDetail: [
    'Rien n’a été lancé. Ouvrez un tableau de bord pour vous reconnecter.',
    'Nothing was started. Open a dashboard to log in again.',
  ],
  endedLogIn: ['La session est terminée : connectez-vous de nouveau.', 'The session is over: log in again.'],
  tooMany: ['Trop de demandes', 'Too many requests'],
  tooManyDetail: ['Attendez une minute, puis rechargez la page.', 'Wait a minute, then load the page again.'],
  busy: ['Une mise à jour est déjà en cours', 'A run is under way already'],
  busyDetail: [
    'Quelqu’un d’autre, ou la nuit, l’a lancée : elle est sur la page des mises à jour.',
    'Somebody else, or the schedule, has started it: it is on the page of the runs.',
  ],
  notStarted: ['Rien n’a été lancé', 'Nothing was started'],
  notStartedDetail: ['Code {0}. La version publiée reste en place.', 'Code {0}. The published version stays.'],
  failed: ['La page n’a pas pu être faite', 'The page could not be made'],
  failedDetail: ['Code {0}. Rechargez la page.', 'Code {0}. Load the page again.'],
} as const satisfies Readonly<Record<string, Both>>

export const say = sayingOf(TEXTS)
