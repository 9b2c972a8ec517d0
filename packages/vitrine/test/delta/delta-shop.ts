/** The shop with a low floor, so that small tables take the delta too. */
import type { Publication } from '../../src/index.ts'
import { type ShopRoles, shop } from '../publication/shop.ts'

/** Purchases are rows of one table; customers, whose purchases are counted, of two. */
export const deltaShop =
  (limits: Partial<Publication['limits']> = {}) =>
  (roles: ShopRoles): Publication => {
    const publication = shop(roles)
    return { ...publication, limits: { ...publication.limits, deltaFloorRows: 100, deltaShare: 100, ...limits } }
  }
