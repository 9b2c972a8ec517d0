/** Les intitulés de poste tels que les gens les écrivent, et la promesse que rien de l’intitulé ne sort. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { CATEGORIES_FONCTIONS, type CategorieFonctions, categorieFonctions } from '../../domain/fonctions.ts'

const INTITULES: Readonly<Record<CategorieFonctions, readonly string[]>> = {
  'Direction générale': [
    'Directeur général',
    'directrice generale',
    'DIRECTEUR GENERAL',
    'Dir. gén.',
    'DG',
    'D.G.',
    'DGA',
    'Directeur général adjoint finances',
    'diercteur général',
    'Directeur.rice général.e',
    'PDG',
    'P.D.G',
    'Présidente',
    'Pésidente',
    'Présidente directrice générale',
    'Président du conseil d’administration',
    'gérant',
    'Gérante',
    'Co-gérant associé',
    'Fondatrice',
    'CEO & Founder',
    "Chef d'entreprise",
    'Secrétaire générale',
    'Directeur',
    'Directrice adjointe',
    'Direction',
    'administratrice',
  ],
  'RSE / développement durable': [
    'Responsable RSE',
    'responsable rse',
    'RESPONSABLE RSE ',
    'Responsable  RSE',
    'Resp. RSE',
    'R.S.E.',
    'R S E',
    'ＲＳＥ',
    'Chargée de mission RSE',
    'Référent RSE (remplace A. Modélot)',
    'Alternant RSE',
    'Assistante RSE',
    'Responsable développement durable',
    'Resp. developement durrable',
    'Directrice de l’impact',
    'chef de projet CSRD',
    'Chief Sustainability Officer',
    'Responsable de la responsabilité sociale des entreprises',
    'Vice-présidente RSE',
    'RSE et communication',
    'Responsable énergie',
  ],
  QHSE: [
    'QHSE',
    'Q.S.E',
    'Q/H/S/E',
    'resp qualité securité env.',
    'DIRECTEUR QUALITE',
    'Animatrice hygiène et sécurité',
    'Ing. qualité',
    'Responsable environnement',
    'Responsable QSE/RSE',
  ],
  'Ressources humaines': [
    'DRH',
    'Drh',
    'D R H',
    'Responsable Ressources Humaines',
    'ressources  humaines',
    'Ressource humaine',
    'Assistant(e) RH',
    'HR Business Partner',
    'Gestionnaire de paie',
    'Chargée de recrutement',
    'Directeur des affaires sociales',
  ],
  Finance: [
    'DAF',
    'daf',
    'Directrice administrative et financière',
    'Responsable administratif et finacier',
    'Contrôleur de gestion',
    'Controleuse de gestion',
    'Comptable',
    'Expert-comptable',
    'Trésorière',
    'CFO',
    'vp finance',
  ],
  Juridique: ['Juriste', 'Directrice juridique', 'Conseiller juridique', 'Avocate', 'DPO', 'Compliance officer'],
  Conseil: [
    'Consultant',
    'Consutante',
    'consultante en durabilité',
    'Consultante RSE',
    'Conseillère RSE',
    'Auditeur',
    'Commissaire aux comptes',
    'Freelance',
    'Conseil en transition',
  ],
  'Communication / marketing': [
    'Chargée de com',
    'Résponsable comunication',
    'Directeur marketing',
    'Community manager',
    'Attachée de presse',
  ],
  Commercial: [
    'Directeur commercial',
    'Commerciale',
    'Responsable des ventes',
    'Chargé d’affaires',
    'Conseillère clientèle',
  ],
  Informatique: [
    'DSI',
    'Responsable informatique',
    'Développeuse',
    'RSSI',
    'Responsable sécurité des systèmes d’information',
  ],
  'Production / achats': [
    'Acheteuse',
    'Responsable achats',
    'Directeur des opérations',
    'Directrice de site',
    'R&D',
    'Responsable logistique',
    'Chef d’atelier',
    'Directeur technique',
  ],
  'Administration / assistanat': [
    'Assistante de direction',
    'Assitante de direction',
    'assistante du directeur général',
    'Secrétaire',
    'Office manager',
    'Agent administratif',
    'Secrétaire de mairie',
  ],
  Autre: ['Stagiaire', 'Responsable', 'Test', 'Jean Dupont', 'Directeur de la stratégie', '経理', '42', 'Élu au CSE'],
}

describe('la catégorie d’un intitulé de poste', () => {
  const cas = Object.entries(INTITULES).flatMap(([categorie, intitules]) =>
    intitules.map((intitule) => [intitule, categorie] as const),
  )

  test.each(cas)('« %s » est rangé dans %s', (intitule, categorie) => {
    expect(categorieFonctions(intitule)).toBe(categorie)
  })

  it('est éprouvée sur plus de soixante intitulés, dans toutes les catégories', () => {
    expect(cas.length).toBeGreaterThan(60)
    expect(Object.keys(INTITULES)).toEqual([...CATEGORIES_FONCTIONS])
  })

  test.each([null, '', ' ', '\t\n', '\u00a0', '-', '...', '?!'])('%j ne dit rien', (intitule) => {
    expect(categorieFonctions(intitule)).toBeNull()
  })

  it('ne dépend ni de la casse, ni des accents, ni des espaces', () => {
    for (const [intitule, categorie] of cas) {
      expect(categorieFonctions(`  ${intitule.toUpperCase()} `)).toBe(categorie)
      expect(categorieFonctions(intitule.normalize('NFD').replaceAll(/\p{M}/gu, ''))).toBe(categorie)
      expect(categorieFonctions(intitule.normalize('NFD'))).toBe(categorie)
    }
  })
})

describe('rien de l’intitulé ne sort', () => {
  const mot = fc.constantFrom(
    'directeur',
    'RSE',
    'Dupont',
    'général',
    'assistante',
    'QSE',
    'D.',
    'é',
    '\u0301',
    'et',
    'R',
  )
  const intitule = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme', maxLength: 600 }),
    fc.array(mot).map((mots) => mots.join(' ')),
  )

  it('quel que soit le texte, il en sort null ou un élément de la liste fermée', () => {
    fc.assert(
      fc.property(intitule, (texte) => {
        const categorie = categorieFonctions(texte)
        expect(categorie === null || CATEGORIES_FONCTIONS.includes(categorie)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('un nom propre ajouté ne change pas la catégorie d’un intitulé clair', () => {
    expect(categorieFonctions('Zoé Quelqu’une, responsable RSE')).toBe('RSE / développement durable')
    expect(categorieFonctions('DRH - M. Untel')).toBe('Ressources humaines')
  })

  it('un texte démesuré est lu en partie, sans ralentir', () => {
    expect(categorieFonctions(`Responsable RSE ${'x'.repeat(1_000_000)}`)).toBe('RSE / développement durable')
    expect(categorieFonctions('a.'.repeat(1_000_000))).toBe('Autre')
  })
})
