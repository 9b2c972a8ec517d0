import type { Publication } from '../../src/index.ts'

export function plainShop(vitrine: object, roles: { readonly writer: string; readonly reader: string }): Publication
