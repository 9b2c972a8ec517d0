/** What somebody may do who is no administrator: read what a group of theirs may see, and ask what it may ask. */
import type { Entity } from './answers.ts'
import { Refusal } from './routes.ts'
import type { StandIn } from './stand-in.ts'

const groupsOf = (user: Entity): readonly unknown[] =>
  ((user['user_group_memberships'] ?? []) as Entity[]).map(({ id }) => id) // sound because they are kept so.

/** Throws 403 for the rest; `right` is what a group may ask of a data source. */
export function requireRight(
  standIn: StandIn,
  user: Entity,
  { route, id, body }: { readonly route: string; readonly id: unknown; readonly body: Entity },
  right: (group: unknown, database: unknown) => unknown,
): void {
  const groups = groupsOf(user)
  const sees = (collection: unknown) =>
    groups.some((group) => ['read', 'write'].includes(String(standIn.access.get(`${group}/${collection}`))))
  const [, room, , action] = route.split(/[ /]+/)
  const list = room === 'card' ? standIn.cards : room === 'dashboard' ? standIn.dashboards : []
  const isRead = route.startsWith('GET ') || action === 'query'
  const found = list.find((each) => each['id'] === id)
  if (isRead && found !== undefined && sees(found['collection_id'])) return
  if (route === 'POST /dataset') {
    const levels = groups.map((group) => right(group, body['database']))
    const needed = 'query' in body ? ['query-builder', 'query-builder-and-native'] : ['query-builder-and-native']
    if (levels.some((level) => needed.includes(String(level)))) return
  }
  throw new Refusal(403, "You don't have permissions to do that.")
}
