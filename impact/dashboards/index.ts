/** Les tableaux de bord d’Impact, dans l’ordre où on les lit. */
import { entreprises } from './entreprises.ts'
import { pilotage, statistiques } from './pilotage.ts'
import { qualite } from './qualite.ts'
import { reglementations } from './reglementations.ts'
import { utilisateurs } from './utilisateurs.ts'
import { vsme } from './vsme.ts'

export const tableaux = [pilotage, entreprises, utilisateurs, reglementations, vsme, qualite, statistiques]
