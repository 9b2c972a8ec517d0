/**
 * Le vocabulaire des fonctions : quels mots d’un intitulé de poste désignent quelle catégorie, et avec quelle force. Tout y
 * est sans accent, en minuscules. La règle qui lit un intitulé est dans `fonctions.ts` ; ici, il n’y a que des listes.
 */
export const CATEGORIES_FONCTIONS = [
  'Direction générale',
  'RSE / développement durable',
  'QHSE',
  'Ressources humaines',
  'Finance',
  'Juridique',
  'Conseil',
  'Communication / marketing',
  'Commercial',
  'Informatique',
  'Production / achats',
  'Administration / assistanat',
  'Autre',
] as const
export type CategorieFonctions = (typeof CATEGORIES_FONCTIONS)[number]

/**
 * - `role` : la place de la personne (elle dirige, elle conseille), qui l’emporte sur le domaine ;
 * - `soutien` : elle assiste ; seul le domaine assisté l’emporte ;
 * - `domaine` : le métier ;
 * - `faible` : un domaine possible, quand rien d’autre n’en désigne un ;
 * - `titre` : un rang sans domaine (« directeur ») ;
 * - `neutre` : un mot qui ne précise rien.
 */
export type Force = 'role' | 'soutien' | 'domaine' | 'faible' | 'titre' | 'neutre'

export interface Indice {
  readonly categorie: CategorieFonctions
  readonly force: Force
}

interface Entree extends Indice {
  /** Mots entiers et sigles. */
  readonly mots?: string
  /** Débuts de mots, quatre lettres au moins. */
  readonly racines?: string
  /** Deux mots qui se suivent, petits mots ôtés, sous leur forme de `FORMES`. */
  readonly suites?: readonly string[]
}

const VOCABULAIRE: readonly Entree[] = [
  {
    categorie: 'Direction générale',
    force: 'role',
    mots: 'dg pdg dga dgd dgs ceo maire exploitant artisan',
    racines:
      'president gerant cogerant dirigeant codirigeant fondat cofondat founder cofounder patron proprietaire entrepreneur autoentrepreneur associe',
    suites: [
      'directeur general',
      'directeur executif',
      'delegue general',
      'secretaire general',
      'chef entreprise',
      'chef etablissement',
      'mandataire social',
      'general manager',
      'managing directeur',
      'chief executive',
    ],
  },
  {
    categorie: 'Direction générale',
    force: 'faible',
    mots: 'vp coo comex codir',
    racines: 'administrateur administratrice',
    suites: [
      'direction general',
      'conseil administration',
      'conseil surveillance',
      'vice president',
      'conseiller municipal',
    ],
  },
  { categorie: 'Direction générale', force: 'titre', mots: 'directeur direction' },
  {
    categorie: 'RSE / développement durable',
    force: 'domaine',
    mots: 'rse rso csr esg csrd vsme dpef esrs dd odd impact cso',
    racines: 'durab sustainab societal ecolog climat carbon decarbon biodivers circulaire',
    suites: ['responsabilite social', 'b corp', 'social responsibility'],
  },
  {
    categorie: 'RSE / développement durable',
    force: 'faible',
    racines: 'energ ethique diversit inclusi engagement mecenat',
  },
  {
    categorie: 'QHSE',
    force: 'domaine',
    mots: 'qhse qse hse hsqe ehs she hsse qhs qhsse qsse hqse sse smi smq iso',
    racines: 'qualit securit hygien preventi preventeur',
  },
  { categorie: 'QHSE', force: 'faible', mots: 'env sante', racines: 'environn risque' },
  {
    categorie: 'Ressources humaines',
    force: 'domaine',
    mots: 'rh drh rrh grh hr chro hrbp qvt qvct sirh gpec gepp paie paye payroll personnel people formation',
    racines: 'humain recrut talent',
    suites: ['relation social', 'affaire social', 'dialogue social'],
  },
  { categorie: 'Ressources humaines', force: 'faible', mots: 'social emploi', racines: 'handicap' },
  {
    categorie: 'Finance',
    force: 'domaine',
    mots: 'daf raf cfo compta controller',
    racines: 'financ comptab tresor fiscal budget',
    suites: ['controleur gestion', 'controle gestion'],
  },
  {
    categorie: 'Juridique',
    force: 'domaine',
    mots: 'dpo rgpd legal droit clerc',
    racines: 'juridi jurist avocat notair complian conformit contentieu deontolog',
    suites: ['conseiller juridique', 'general counsel', 'data protection'],
  },
  {
    categorie: 'Conseil',
    force: 'role',
    mots: 'freelance conseiller',
    racines: 'consult audit',
    suites: ['commissaire compte'],
  },
  {
    categorie: 'Conseil',
    force: 'faible',
    mots: 'conseil conseils coach independant formateur formatrice intervenant',
  },
  {
    categorie: 'Communication / marketing',
    force: 'domaine',
    mots: 'com comm dircom cmo mkg mkt presse media medias',
    racines: 'communic communit market marque brand editori redact evenement graphis',
  },
  {
    categorie: 'Commercial',
    force: 'domaine',
    mots: 'adv sales business export kam client clients clientele vente ventes technico',
    racines: 'commerc vendeu',
    suites: [
      'charge affaire',
      'ingenieur affaire',
      'responsable affaire',
      'account manager',
      'conseiller client',
      'conseiller clientele',
      'conseiller commercial',
      'conseiller vente',
    ],
  },
  {
    categorie: 'Informatique',
    force: 'domaine',
    mots: 'it si dsi rsi rssi cio cto ciso cdo data web erp devops',
    racines: 'informatic informatiq developpeu logiciel numeriq cyber',
    suites: [
      'systeme information',
      'securite informatique',
      'securite systeme',
      'securite information',
      'administrateur systeme',
      'product owner',
    ],
  },
  { categorie: 'Informatique', force: 'faible', mots: 'digital digitale reseau reseaux' },
  {
    categorie: 'Production / achats',
    force: 'domaine',
    mots: 'achat achats appro supply rd usine atelier chantier chantiers travaux production exploitation',
    racines: 'achet approvision logisti product industri mainten fabrica methode operation transport laborat',
    suites: ['amelioration continue'],
  },
  { categorie: 'Production / achats', force: 'faible', mots: 'technique techniques site recherche innovation' },
  {
    categorie: 'Administration / assistanat',
    force: 'soutien',
    mots: 'accueil',
    racines: 'assistant secretair standardis receptionni',
  },
  { categorie: 'Administration / assistanat', force: 'domaine', suites: ['office manager', 'service general'] },
  {
    categorie: 'Administration / assistanat',
    force: 'faible',
    mots: 'gestionnaire admin',
    racines: 'administrati',
  },
  {
    categorie: 'Autre',
    force: 'neutre',
    mots: 'adjoint adjointe societe entreprise etablissement structure association groupe filiale france membre',
    suites: ['business partner'],
  },
]

/** Les formes ramenées à une seule, pour que les suites de mots n’aient qu’une écriture. */
export const FORMES: ReadonlyMap<string, string> = new Map(
  [
    'directeur: directrice directeurs directrices dir director',
    'general: generale generaux generales gen gal gle',
    'executif: executive exec',
    'president: presidente presidents presidentes',
    'delegue: deleguee',
    'secretaire: secretaires',
    'social: sociale sociales sociaux',
    'conseiller: conseillere conseillers conseilleres',
    'controleur: controleuse',
    'charge: chargee',
    'ingenieur: ingenieure ing',
    'responsable: resp responsables',
    'responsabilite: responsabilites',
    'relation: relations',
    'affaire: affaires',
    'service: services',
    'systeme: systemes',
    'information: informations',
    'entreprise: entreprises',
    'compte: comptes',
  ].flatMap((ligne) => {
    const [forme = '', variantes = ''] = ligne.split(': ')
    return variantes.split(' ').map((variante) => [variante, forme] as const)
  }),
)

export const PETITS_MOTS: ReadonlySet<string> = new Set(
  'de du des la le les et en aux au un une pour par chez sur the of and trice rice ice euse ere iere'.split(' '),
)

/** Les mots longs que l’on reconnaît avec une faute ; le vocabulaire comprend chacun d’eux. */
export const MOTS_CORRIGEABLES: readonly string[] = (
  'directeur directrice direction general generale president presidente gerant gerante dirigeant dirigeante fondateur ' +
  'fondatrice associe durable durabilite ecologique societal societale qualite securite hygiene prevention environnement ' +
  'humaines humaine recrutement formation financier financiere finances comptable comptabilite tresorier controleur ' +
  'juridique juriste avocat consultant consultante conseiller conseillere auditeur communication marketing commercial ' +
  'commerciale informatique developpeur numerique production logistique maintenance industriel acheteur acheteuse achats ' +
  'assistant assistante secretaire administratif administrative'
).split(' ')

const indiceDe = ({ categorie, force }: Entree): Indice => Object.freeze({ categorie, force })
const lister = (texte: string | undefined): readonly string[] => (texte === undefined ? [] : texte.split(' '))

function index(termes: (entree: Entree) => readonly string[]): ReadonlyMap<string, Indice> {
  return new Map(
    VOCABULAIRE.flatMap((entree) => {
      const indice = indiceDe(entree)
      return termes(entree).map((terme) => [terme, indice] as const)
    }),
  )
}

export const MOTS = index((entree) => lister(entree.mots))
export const RACINES = index((entree) => lister(entree.racines))
export const SUITES = index((entree) => entree.suites ?? [])
