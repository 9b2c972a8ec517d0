/** What the dictionary says, in English and in French. What the publication says is in its own words, whatever the language. */
import { type InLanguage, inLanguage, type Language } from '../base/language.ts'
import type { PatternName } from '../publication/pattern.ts'
import type { PrivacyClass } from '../publication/privacy.ts'
import type { DictionaryChange, Fact } from './dictionary-changes.ts'
import type { SourceColumn } from './schema.ts'

const TEXTS = {
  language: ['en', 'fr'],
  title: [
    (publication: string) => `Data dictionary: ${publication}`,
    (publication: string) => `Dictionnaire des données : ${publication}`,
  ],
  intro: [
    (schema: string, reader: string) =>
      `What the schema ${schema} holds for the role ${reader}: each table and column, what it means, where it comes from, what was done to it on the way, and why it may be read. It is made from the definition of the publication, which every run proves again before it reads a row.`,
    (schema: string, reader: string) =>
      `Ce que le schéma ${schema} contient pour le rôle ${reader} : chaque table et chaque colonne, son sens, son origine, ce qu’on lui a fait, et pourquoi elle peut être lue. Il est tiré de la définition de la publication, que chaque exécution prouve de nouveau avant de lire une ligne.`,
  ],
  summary: ['Summary', 'Synthèse'],
  contents: ['Published tables', 'Tables publiées'],
  published: [
    (tables: number, columns: number) => `${tables} tables with ${columns} columns are published.`,
    (tables: number, columns: number) => `${tables} tables et ${columns} colonnes sont publiées.`,
  ],
  byClass: ['Published columns by class', 'Colonnes publiées par classe'],
  byClassSays: [
    'The class of a published column is the highest of the source columns that it is made of.',
    'La classe d’une colonne publiée est la plus élevée des colonnes d’origine dont elle est faite.',
  ],
  classes: {
    personal: ['personal', 'personnelle'],
    indirect: ['indirect', 'indirecte'],
    open: ['open', 'ouverte'],
    secret: ['secret', 'secrète'],
  },
  noClass: ['without origin', 'sans origine'],
  classSays: {
    personal: [
      'identifies a person, or is free text that may hold anything',
      'identifie une personne, ou est un texte libre qui peut tout contenir',
    ],
    indirect: ['identifies together with other data', 'identifie avec d’autres données'],
    open: ['says nothing about a person', 'ne dit rien d’une personne'],
    secret: ['a credential; never read', 'un mot de passe ou une clé ; jamais lue'],
  },
  noClassSays: ['made of no column, such as a number of rows', 'faite d’aucune colonne, comme un nombre de lignes'],
  personalUsed: ['Personal columns that are used', 'Colonnes personnelles utilisées'],
  personalUsedSays: [
    'Each personal column of the source that a published column is made of, and what was done to it.',
    'Chaque colonne personnelle d’origine dont une colonne publiée est faite, et ce qu’on lui a fait.',
  ],
  noPersonal: [
    'No published column is made of a personal column.',
    'Aucune colonne publiée n’est faite d’une colonne personnelle.',
  ],
  indirectUsed: ['Indirect columns published for a reason', 'Colonnes indirectes publiées pour une raison'],
  patterns: [
    'Patterns of personal data that columns may hold',
    'Motifs de données personnelles que des colonnes peuvent contenir',
  ],
  pattern: {
    'e-mail address': ['e-mail address', 'adresse électronique'],
    NIR: ['NIR', 'NIR'],
    IBAN: ['IBAN', 'IBAN'],
    'card number': ['card number', 'numéro de carte'],
    'telephone number': ['telephone number', 'numéro de téléphone'],
    JWT: ['JWT', 'JWT'],
    'password hash': ['password hash', 'empreinte de mot de passe'],
  },
  kAnonymous: ['Tables in which small groups are not shown', 'Tables dont les petits groupes ne sont pas montrés'],
  kAnonymity: [
    (k: number, otherwise: string) =>
      `at least ${k} rows agree in these columns; ${otherwise === 'suppress' ? 'in smaller groups they are empty' : 'with a smaller group the run is refused'}`,
    (k: number, otherwise: string) =>
      `au moins ${k} lignes ont les mêmes valeurs dans ces colonnes ; ${otherwise === 'suppress' ? 'dans les groupes plus petits, elles sont vides' : 'avec un groupe plus petit, l’exécution est refusée'}`,
  ],
  notPublished: ['What is not published', 'Ce qui n’est pas publié'],
  notPublishedSays: [
    'The registered columns that no published column is made of. A table that is not registered is never read.',
    'Les colonnes du registre dont aucune colonne publiée n’est faite. Une table hors du registre n’est jamais lue.',
  ],
  uses: {
    published: ['published', 'publiée'],
    read: [
      'read to join, filter, order or decide; not published',
      'lue pour joindre, filtrer, trier ou décider ; non publiée',
    ],
    unread: ['not read', 'non lue'],
  },
  counts: ['Registered columns by class and use', 'Colonnes du registre par classe et par usage'],
  partly: [
    (reason: string) => `Its other columns are not registered, and never read: ${reason}`,
    (reason: string) => `Ses autres colonnes ne sont pas au registre, et ne sont jamais lues : ${reason}`,
  ],
  allUsed: ['Every registered column is published.', 'Toutes les colonnes du registre sont publiées.'],
  functions: [
    'Functions that queries may call beside PostgreSQL’s own',
    'Fonctions que les requêtes peuvent appeler, outre celles de PostgreSQL',
  ],
  views: ['Views about the data', 'Vues sur les données'],
  viewsSays: [
    'They hold names of tables, instants and numbers.',
    'Elles contiennent des noms de tables, des dates et des nombres.',
  ],
  history: [
    'A history: one row a day, kept for good; past days are not computed again.',
    'Un historique : une ligne par jour, gardée sans limite ; un jour passé n’est pas recalculé.',
  ],
  treatments: ['Treatments', 'Traitements'],
  treatment: {
    because: ['as it is', 'telle quelle'],
    masked: ['masked', 'masquée'],
    category: ['category', 'catégorie'],
    measure: ['measure', 'mesure'],
    pseudonym: ['pseudonym', 'pseudonyme'],
    present: ['present or not', 'présence'],
    year: ['year', 'année'],
    month: ['month', 'mois'],
    band: ['band', 'tranche'],
    count: ['count', 'compte'],
  },
  treatmentSays: {
    because: ['the value itself, for the reason given', 'la valeur elle-même, pour la raison donnée'],
    masked: [
      'the value only where a condition surely allows it; elsewhere a fixed text',
      'la valeur, seulement où une condition l’autorise sûrement ; ailleurs un texte fixe',
    ],
    category: [
      'a word of a closed list; nothing else can come out',
      'un mot d’une liste fermée ; rien d’autre ne peut sortir',
    ],
    measure: [
      'a bounded number, a yes or no, or a word of a closed list',
      'un nombre borné, un oui ou non, ou un mot d’une liste fermée',
    ],
    pseudonym: [
      'a stable keyed code; it stays personal data',
      'un code stable, fait avec une clé ; il reste une donnée personnelle',
    ],
    present: ['only whether there is a value', 'seulement s’il y a une valeur'],
    year: ['the year of a date', 'l’année d’une date'],
    month: ['the month of a date', 'le mois d’une date'],
    band: ['the band in which a number falls', 'la tranche d’un nombre'],
    count: ['a number of rows', 'un nombre de lignes'],
  },
  /** Sentences about the parameters of a treatment. */
  parameters: {
    category: [(amount: string) => `one of ${amount} words`, (amount: string) => `un mot parmi ${amount}`],
    measure: [(amount: string) => `${amount} measures`, (amount: string) => `${amount} mesures`],
    pseudonym: [(domain: string) => `of the domain ${domain}`, (domain: string) => `du domaine ${domain}`],
    band: [(bounds: string) => `from ${bounds}`, (bounds: string) => `à partir de ${bounds}`],
    count: [() => 'distinct values', () => 'valeurs distinctes'],
  },
  untreated: ['as it is', 'telle quelle'],
  noOrigin: ['no source column', 'aucune colonne d’origine'],
  words: ['Words', 'Mots'],
  limits: ['What this page does not say', 'Ce que cette page ne dit pas'],
  limitsSays: [
    [
      'Which rows are chosen: the conditions stand in the definition. A change of a query is told as such.',
      'What several columns tell together, and what a small group tells.',
      'The legal basis, how long data is kept, and what people were told: they belong to the record of processing.',
      'Treatments that are rules are code: the fences guard against accidents, not against malice.',
    ],
    [
      'Quelles lignes sont choisies : les conditions sont dans la définition. Le changement d’une requête est signalé comme tel.',
      'Ce que plusieurs colonnes disent ensemble, et ce que dit un petit groupe.',
      'La base légale, les durées de conservation et l’information des personnes : elles appartiennent au registre des traitements.',
      'Les traitements qui sont des règles sont du code : les barrières protègent des accidents, non de la malveillance.',
    ],
  ],
  columns: {
    column: ['column', 'colonne'],
    type: ['type', 'type'],
    meaning: ['meaning', 'sens'],
    origin: ['origin → treatment', 'origine → traitement'],
    class: ['class', 'classe'],
    reason: ['reason', 'raison'],
    source: ['source column', 'colonne d’origine'],
    treatment: ['treatment', 'traitement'],
    publishedAs: ['published as', 'publiée dans'],
    use: ['use', 'usage'],
    number: ['columns', 'colonnes'],
    pattern: ['pattern', 'motif'],
    table: ['table', 'table'],
    says: ['what it does', 'ce qu’il fait'],
    function: ['function', 'fonction'],
    where: ['where', 'où'],
    what: ['what', 'quoi'],
    before: ['before', 'avant'],
    after: ['after', 'après'],
  },
  notNull: ['never empty', 'jamais vide'],
  primaryKey: ['primary key', 'clé primaire'],
  unique: ['unique', 'unique'],
  refersTo: ['refers to', 'renvoie à'],
  atLeast: [(minimum: number) => `at least ${minimum}`, (minimum: number) => `au moins ${minimum}`],
  changes: ['What changed', 'Ce qui a changé'],
  noChange: ['Nothing changed.', 'Rien n’a changé.'],
  change: { added: ['added', 'ajoutée'], removed: ['removed', 'retirée'], changed: ['changed', 'changée'] },
  area: {
    publication: ['publication', 'publication'],
    published: ['published', 'publiée'],
    views: ['view', 'vue'],
    source: ['source', 'origine'],
    functions: ['function', 'fonction'],
  },
  fact: {
    privacy: ['class', 'classe'],
    origins: ['origin', 'origine'],
    treatments: ['treatment', 'traitement'],
    reasons: ['reason', 'raison'],
    values: ['closed list', 'liste fermée'],
    range: ['range', 'étendue'],
    accepts: ['accepted patterns', 'motifs acceptés'],
    kAnonymity: ['smallest group', 'plus petit groupe'],
    query: ['query', 'requête'],
    use: ['use', 'usage'],
    type: ['type', 'type'],
    nullable: ['may be empty', 'peut être vide'],
    key: ['key', 'clé'],
    references: ['reference', 'renvoi'],
    minimum: ['minimum', 'minimum'],
    comment: ['meaning', 'sens'],
    history: ['history', 'historique'],
    partly: ['columns left out', 'colonnes laissées'],
    reason: ['reason', 'raison'],
    schema: ['schema', 'schéma'],
    reader: ['reader', 'lecteur'],
    sourceSchema: ['source schema', 'schéma d’origine'],
  },
  yes: ['yes', 'oui'],
  no: ['no', 'non'],
} as const

export const textsIn = (language: Language): Texts => inLanguage(TEXTS, language)

type Words<K extends string> = Readonly<Record<K, string>>
/** The texts in one language. A missing word for a fact does not compile. */
export type Texts = InLanguage<typeof TEXTS> & {
  readonly classes: Words<PrivacyClass>
  readonly classSays: Words<PrivacyClass>
  readonly pattern: Words<PatternName>
  readonly uses: Words<SourceColumn['use']>
  readonly change: Words<DictionaryChange['change']>
  readonly area: Words<DictionaryChange['area']>
  readonly fact: Words<Fact>
}
