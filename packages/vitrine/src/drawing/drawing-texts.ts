/** What cards say beside their figures, in both languages. `{0}` stands for a value that was written before. */
import type { WhyEmpty } from './answer.ts'
import type { Reading } from './reading.ts'

const TEXTS = {
  table: { fr: 'Tableau', en: 'Table' },
  csv: { fr: 'CSV', en: 'CSV' },
  metabase: { fr: 'Ouvrir dans Metabase', en: 'Open in Metabase' },
  rows: { fr: 'Voir les lignes', en: 'See the rows' },
  meaning: { fr: 'Définition', en: 'Meaning' },
  all: { fr: 'Tout voir', en: 'See all' },
  cut: { fr: 'Les {0} premières lignes ; il y en a d’autres.', en: 'The first {0} rows; there are more.' },
  shown: { fr: '{0} lignes sur {1}.', en: '{0} rows of {1}.' },
  'no rows': { fr: 'Aucune ligne ne répond à cette question.', en: 'No row answers this question.' },
  'filtered away': {
    fr: 'Aucune ligne pour ces filtres : élargissez-les.',
    en: 'No row for these filters: widen them.',
  },
  unknown: { fr: 'La valeur n’est pas connue.', en: 'The value is not known.' },
  reasons: { fr: 'Raisons notées : {0}.', en: 'Recorded reasons: {0}.' },
  reason: { fr: '{0} (lignes : {1})', en: '{0} (rows: {1})' },
  'small groups': {
    fr: 'Les groupes sont trop petits pour être montrés.',
    en: 'The groups are too small to be shown.',
  },
  'nothing published': { fr: 'Rien n’a encore été publié.', en: 'Nothing was published yet.' },
  failed: { fr: 'Cette question n’a pas reçu de réponse.', en: 'This question got no answer.' },
  slow: {
    fr: 'Cette question a pris trop de temps : resserrez les filtres, ou rechargez la page plus tard.',
    en: 'This question took too long: narrow the filters, or load the page again later.',
  },
  away: {
    fr: 'La base de données des chiffres ne répond pas : rechargez la page dans un moment.',
    en: 'The database of the figures does not answer: load the page again in a moment.',
  },
  code: { fr: 'Code à transmettre : {0}.', en: 'Code to pass on: {0}.' },
  coming: { fr: 'En cours de lecture', en: 'Being read' },
  missing: { fr: 'inconnu', en: 'unknown' },
  yes: { fr: 'oui', en: 'yes' },
  no: { fr: 'non', en: 'no' },
  of: { fr: '{0} sur {1}', en: '{0} of {1}' },
  among: { fr: 'sur {0}', en: 'of {0}' },
  goal: { fr: 'objectif {0}', en: 'goal {0}' },
  by: { fr: 'objectif {0}, {1}', en: 'goal {0}, {1}' },
  same: { fr: 'inchangé depuis {0}', en: 'unchanged since {0}' },
  since: { fr: 'depuis {0} ({1})', en: 'since {0} ({1})' },
  alone: { fr: 'rien à comparer', en: 'nothing to compare with' },
  one: { fr: '{0} point', en: '{0} point' },
  other: { fr: '{0} points', en: '{0} points' },
  step: { fr: 'de l’étape d’avant', en: 'of the step before' },
  steps: { fr: 'à droite, la part de l’étape d’avant', en: 'right, the share of the step before' },
  total: { fr: 'Total', en: 'Total' },
  part: { fr: '{0} : compté', en: '{0}: counted' },
  whole: { fr: '{0} : sur', en: '{0}: out of' },
  span: { fr: 'De {0} à {1}.', en: 'From {0} to {1}.' },
  curve: {
    fr: '{0} : de {1} à {2} ; au plus {3} ({4}), au moins {5} ({6}).',
    en: '{0}: from {1} to {2}; at most {3} ({4}), at least {5} ({6}).',
  },
  extremes: { fr: '{0} : au plus {1} ({2}), au moins {3} ({4}).', en: '{0}: at most {1} ({2}), at least {3} ({4}).' },
  only: { fr: '{0} : {1} ({2}).', en: '{0}: {1} ({2}).' },
  'part-of': { fr: '{0} : {1}.', en: '{0}: {1}.' },
  fall: { fr: 'De {0} ({1}) à {2} ({3}).', en: 'From {0} ({1}) to {2} ({3}).' },
  quarter: { fr: '{0}e trimestre {1}', en: 'Q{0} {1}' },
  firstQuarter: { fr: '1er trimestre {1}', en: 'Q1 {1}' },
  shortQuarter: { fr: 'T{0} {1}', en: 'Q{0} {1}' },
  shares: { fr: 'en parts de 100 %', en: 'in shares of 100%' },
  second: { fr: 'à droite : {0}', en: 'right: {0}' },
  tabs: { fr: 'Onglets', en: 'Tabs' },
} as const satisfies Readonly<Record<string, Readonly<Record<Reading['language'], string>>>> &
  Readonly<Record<WhyEmpty, unknown>>

export type TextKey = keyof typeof TEXTS

export const drawnText = (key: TextKey, { language }: Reading, ...values: readonly string[]): string =>
  TEXTS[key][language].replaceAll(/\{(\d)\}/g, (_, at: string) => values[Number(at)] ?? '')
