/** Le type d’un fichier déposé, d’après l’extension de son nom. Le nom, choisi par une personne, n’est jamais publié. */

export const TYPES_DE_FICHIER = [
  'PDF',
  'Word',
  'Excel',
  'PowerPoint',
  'OpenDocument',
  'CSV',
  'Texte',
  'Image',
  'Autre',
] as const
export type TypeDeFichier = (typeof TYPES_DE_FICHIER)[number]

const PAR_EXTENSION: ReadonlyMap<string, TypeDeFichier> = new Map([
  ['pdf', 'PDF'],
  ['doc', 'Word'],
  ['docx', 'Word'],
  ['xls', 'Excel'],
  ['xlsx', 'Excel'],
  ['xlsm', 'Excel'],
  ['ppt', 'PowerPoint'],
  ['pptx', 'PowerPoint'],
  ['odt', 'OpenDocument'],
  ['ods', 'OpenDocument'],
  ['odp', 'OpenDocument'],
  ['csv', 'CSV'],
  ['txt', 'Texte'],
  ['md', 'Texte'],
  ['png', 'Image'],
  ['jpg', 'Image'],
  ['jpeg', 'Image'],
])

/** « Autre » pour un nom sans extension connue. */
export function typeDeFichier(nom: string): TypeDeFichier {
  const point = nom.lastIndexOf('.')
  return point < 0
    ? 'Autre'
    : (PAR_EXTENSION.get(
        nom
          .slice(point + 1)
          .trim()
          .toLowerCase(),
      ) ?? 'Autre')
}
