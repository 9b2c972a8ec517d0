// Runs an example of `examples/` in its folder: `npm run example library -- --once`. What follows the name is for `vitrine demo`.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const home = new URL('../examples/', import.meta.url)
const names = readdirSync(home).filter((name) => existsSync(new URL(`${name}/package.json`, home)))
const [name = '', ...words] = process.argv.slice(2)
if (names.includes(name)) {
  // Ctrl-C is for the example, which stops its server.
  process.on('SIGINT', () => undefined)
  const cwd = fileURLToPath(new URL(name, home))
  const options = { cwd, stdio: 'inherit', shell: process.platform === 'win32' }
  spawn('npm', ['start', '--silent', '--', ...words], options).on('exit', (status) => {
    process.exitCode = status ?? 1
  })
} else {
  process.stderr.write(`Which example? npm run example ${names.join('|')}\n`)
  process.exitCode = 2
}
