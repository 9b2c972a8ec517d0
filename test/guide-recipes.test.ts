/** The recipes are executed: compiled, published in one run from the tables of the page, and looked at as the reader. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from './documentation/commands.ts'
import { Databases, fencesIn } from './documentation/guide.ts'

const ROWS = `
  insert into customer values
    (1, 'Anna', null, 'a@example.org', 'FR', '75001', 'Europe/Paris', '2000-05-05', 15000, 'paid', false, false, '{vip,new,vip}', '{"plan": "pro", "sites": [{"seats": 2}, {"seats": 3}]}', '2025-01-01 10:00+01', null),
    (2, 'Bolt', '123456789', 'b@example.org', 'FR', '75002', 'Europe/Paris', '1980-05-05', 30000, 'late', false, true, '{}', '{}', '2025-01-31 23:30+00', null),
    (3, 'Carl', null, 'c@example.org', null, '35000', 'America/New_York', '1950-05-05', 50000, 'new', false, false, '{new}', '{"plan": "free"}', '2025-02-10 10:00+01', '2025-03-01 10:00+01'),
    (4, 'Staff', null, 's@example.org', 'FR', '35100', 'Europe/Paris', '1990-05-05', 20000, 'new', true, false, '{}', '{}', '2025-02-10 10:00+01', null);
  insert into purchase values
    (1, 1, '2025-01-02 10:00+00', '2025-01-07 12:00+00', 10, 0, 'EUR', 'came late'), (2, 1, '2025-01-04 10:00+00', '2025-01-06 12:00+00', 30, 10, 'EUR', null),
    (3, 2, '2025-01-04 02:00+00', '2025-01-04 12:00+00', 20, 0, 'USD', 'too expensive'), (4, 1, '2025-01-05 10:00+00', '2025-01-05 12:00+00', 5, 0, 'EUR', 'thanks');
  insert into item values (1, 1, 2), (1, 2, 1); insert into rate values ('EUR', '2000-01-01', 1), ('USD', '2025-01-01', 0.9), ('USD', '2025-01-05', 0.5);
  insert into status_change values (1, 1, 'new', '2025-01-01 10:00+00'), (2, 1, 'paid', '2025-01-02 10:00+00');
  insert into category values (1, null, 'All'), (2, 1, 'Books'), (3, 2, 'Old'); insert into holiday values ('2025-01-06');
  insert into visit values (1, 1, '2025-01-02 10:00+00'), (2, 1, '2025-01-02 10:20+00'), (3, 1, '2025-01-02 12:00+00'), (4, 3, '2025-01-03 12:00+00')`

/** What the reader finds, row by row in the order of the first columns, as JSON. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  r_age: ['[1,"under 30"]', '[2,"30 to 59"]', '[3,"60 and more"]', '[4,"30 to 59"]'],
  r_category: ['[1,"All",1]', '[2,"All / Books",2]', '[3,"All / Books / Old",3]'],
  r_cohort: ['["2025-01-01",1,1]', '["2025-02-01",3,1]'],
  r_company: [
    '[1,"Private person",null]',
    '[2,"Bolt","123456789"]',
    '[3,"Private person",null]',
    '[4,"Private person",null]',
  ],
  r_currency: ['["EUR",45.00,15.0000000000000000,0.2222]', '["USD",20.00,20.0000000000000000,0.0000]'],
  r_customer: ['[1,"FR"]', '[2,"FR"]'],
  r_day: ['["2025-01-01",0]', '["2025-01-02",1]', '["2025-01-03",0]', '["2025-01-04",2]', '["2025-01-05",1]'],
  r_deleted: ['[1,false]', '[2,false]', '[3,true]', '[4,false]'],
  r_delivery: ['[1,2]', '[2,0]', '[3,0]', '[4,0]'],
  r_euros: ['[1,10.00]', '[2,30.00]', '[3,18.00]', '[4,5.00]'],
  r_first: ['[1,"EUR","EUR"]', '[2,"USD","USD"]'],
  r_funnel: ['[1,"4 again"]', '[2,"3 bought"]', '[3,"2 visited"]', '[4,"1 joined"]'],
  r_gap: ['[1,null]', '[2,2]', '[3,null]', '[4,1]'],
  r_group: ['[1,"FR","75"]', '[2,"FR","75"]', '[3,null,null]', '[4,null,null]'],
  r_item: ['[1,1,2]', '[1,2,1]'],
  r_last: ['[1,"2025-01-05T10:00:00+00:00"]', '[2,"2025-01-04T02:00:00+00:00"]'],
  r_local: ['[1,11]', '[2,11]', '[3,3]', '[4,11]'],
  r_median: ['["EUR",10]', '["USD",20]'],
  r_note: ['[1,"delivery"]', '[2,null]', '[3,"price"]', '[4,"other"]'],
  r_period: [
    '[1,"new","2025-01-01T10:00:00+00:00","2025-01-02T10:00:00+00:00"]',
    '[2,"paid","2025-01-02T10:00:00+00:00",null]',
  ],
  r_pivot: ['["?",0,0]', '["FR",1,1]'],
  r_place: ['[1,"Paris"]', '[2,"Paris"]', '[3,"Ille-et-Vilaine"]', '[4,"Ille-et-Vilaine"]'],
  r_running: ['[1,10.00]', '[2,40.00]', '[3,20.00]', '[4,45.00]'],
  r_salary: [
    '[1,"<20000","2025-01-01"]',
    '[2,"20000-39999","2025-02-01"]',
    '[3,"40000+","2025-02-01"]',
    '[4,"20000-39999","2025-02-01"]',
  ],
  r_session: ['[1,1,2]', '[1,2,1]', '[3,1,1]'],
  r_settings: ['[1,"pro",5]', '[2,null,null]', '[3,"free",null]', '[4,null,null]'],
  r_status: ['[1,"Has paid"]', '[2,"Is late"]', '[3,"New"]', '[4,"New"]'],
  r_tag: ['[1,"new"]', '[1,"vip"]', '[3,"new"]'],
  r_tags: ['[1,["vip","new","vip"],true]', '[2,[],false]', '[3,["new"],false]', '[4,[],false]'],
  r_top: ['[1,"EUR",2]', '[2,"EUR",1]', '[3,"USD",1]'],
  r_visit_day: ['[1,"2025-01-02"]', '[3,"2025-01-03"]'],
}

const folder = mkdtempSync(join(tmpdir(), 'vitrine-recipes-'))
let databases: Databases
beforeAll(async () => {
  databases = await Databases.create('recipes', 'recipes_writer', 'recipes_reader')
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await databases.drop()
})

const written = (
  program: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { cwd: folder, env: { PATH: process.env['PATH'] ?? '', ...env } }
    execFile(process.execPath, [join(folder, 'node_modules', program), ...argv], options, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${argv.join(' ')}\n${stdout}${stderr}`)),
    )
  })

test('thirty recipes compile, are published in one run, and give these rows', async () => {
  const fences = ['docs/recipes.md', 'docs/recipes-tables.md'].flatMap(fencesIn)
  const recipes = fences.filter(({ language, file }) => language === 'ts' && file === null).map(({ text }) => text)
  const names = recipes.flatMap((text) => /export const (r_\w+)/.exec(text)?.[1] ?? [])
  expect(names.length).toBeGreaterThanOrEqual(30)
  const settings =
    "{ name: 'recipes', schema: 'recipes', source, writer: 'recipes_writer', reader: 'recipes_reader', zone: 'Europe/Paris', schedule: '0 0 * * *' }"
  const files = {
    'package.json': '{ "type": "module" }',
    'tsconfig.json':
      '{ "compilerOptions": { "module": "nodenext", "target": "es2023", "strict": true, "skipLibCheck": true, "rewriteRelativeImportExtensions": true, "outDir": "dist", "rootDir": "." }, "include": ["*.ts"] }',
    'recipes.ts': recipes.join('\n'),
    'index.ts': `import { definePublication } from 'vitrine'\nimport * as recipes from './recipes.ts'\nimport { source } from './register.ts'
      export default definePublication({ ...${settings}, tables: Object.values(recipes) })`,
    'vitrine.config.js': "export { default } from './dist/index.js'",
    'register.ts': fences.find(({ file }) => file === 'register.ts')?.text ?? '',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir')
  const client = await databases.source.connect({ role: databases.app })
  await client.query(fences.find(({ file }) => file === 'recipes.sql')?.text ?? '')
  await client.query(ROWS)
  await databases.source.close(client)

  await written('typescript/bin/tsc', [])
  const environment = databases.environment('recipes')
  for (const command of ['provision --source', 'provision', 'check', 'migrate --yes', 'sync']) {
    await written('vitrine/dist/cli/main.js', command.split(' '), environment)
  }
  const reader = await databases.target.connect({ role: databases.roles[1] })
  const found: Record<string, readonly string[]> = {}
  for (const name of names) {
    const { rows } = await reader.query<{ row: string }>(
      `select (select json_agg(e.value) from json_each(to_json(t)) e)::text as row from recipes.${name} t order by 1`,
    )
    found[name] = rows.map(({ row }) => row.replaceAll(', ', ','))
  }
  await databases.target.close(reader)
  expect(found).toEqual(EXPECTED)
})
