/** Texts in two languages: a catalogue has both side by side, so that neither is forgotten. */
export type Language = 'en' | 'fr'

/** In a catalogue every list is such a pair; groups of texts are objects. */
export type Pair<T> = readonly [en: T, fr: T]

type Wide<T> = T extends string ? string : T
/** A catalogue in one language. */
export type InLanguage<C> = C extends readonly [infer En, unknown]
  ? Wide<En>
  : { readonly [K in keyof C]: InLanguage<C[K]> }

/** The texts of a catalogue in one language. */
export function inLanguage<const C>(catalogue: C, language: Language): InLanguage<C> {
  const chosen: unknown = Array.isArray(catalogue)
    ? catalogue[language === 'en' ? 0 : 1]
    : Object.fromEntries(Object.entries(catalogue as object).map(([key, texts]) => [key, inLanguage(texts, language)])) // sound because a catalogue is made of pairs and objects alone.
  return chosen as InLanguage<C> // sound because a pair becomes one of its two, and an object keeps its names.
}
