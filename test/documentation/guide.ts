/** What a test needs to follow a guide: the commands of its page in their order, two databases, the settings for them. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TestDatabase, type TestRole } from '../database.ts'
import { root } from './commands.ts'
import { type Fence, fencesOf } from './markdown.ts'
import { commandsIn, type ShellCommand } from './shell.ts'

export const fencesIn = (page: string): readonly Fence[] => fencesOf(readFileSync(join(root, page), 'utf8'))

export const commandsOf = (page: string): readonly ShellCommand[] =>
  fencesIn(page)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => commandsIn(text))

const role = (name: string): TestRole => ({ user: name, password: randomBytes(9).toString('hex') })

/** The two databases of a guide, and the roles that `provision` makes in it. */
export class Databases {
  readonly source: TestDatabase
  readonly target: TestDatabase
  readonly app: TestRole
  /** What `provision --source` makes. */
  readonly reading: TestRole
  readonly roles: readonly [writer: TestRole, reader: TestRole]

  private constructor(source: TestDatabase, target: TestDatabase, app: TestRole, roles: readonly [TestRole, TestRole]) {
    this.source = source
    this.target = target
    this.app = app
    this.reading = role(`reading_${source.name.slice(-10)}`)
    this.roles = roles
  }

  static async create(label: string, writer: string, reader: string): Promise<Databases> {
    const source = await TestDatabase.create(18, `${label}_source`)
    const target = await TestDatabase.create(18, `${label}_target`)
    const app = await source.createRole('app')
    await source.ask(`grant create on schema public to "${app.user}"`)
    return new Databases(source, target, app, [role(writer), role(reader)])
  }

  environment(schema: string): Readonly<Record<string, string>> {
    const [writer, reader] = this.roles
    return {
      DATABASE_URL: this.source.url(this.reading),
      DATABASE_ADMIN_URL: this.source.url(),
      METABASE_DATABASE_URL: `${this.target.url(writer)}?currentSchema=${schema}`,
      METABASE_READER_URL: this.target.url(reader),
      METABASE_ADMIN_URL: this.target.url(),
      VITRINE_PSEUDONYM_KEY: randomBytes(32).toString('hex'),
    }
  }

  async drop(): Promise<void> {
    await this.target.drop(this.roles)
    await this.source.drop([this.app, this.reading])
  }
}
