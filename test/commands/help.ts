import { readFile } from 'node:fs/promises'
import t from 'tap'
import { commandHelp, optionTable, overview } from '../../src/commands/help.ts'
import { manPage } from '../../src/commands/man.ts'
import { commands } from '../../src/commands/table.ts'
import { options } from '../../src/options.ts'

const overviewText = overview(commands)

t.test('help fits one screen and has every option with its default and every command (P15)', t => {
  const lines = overviewText.split('\n')
  t.ok(lines.length <= 36, `${lines.length} lines`)
  for (const line of lines) t.ok(line.length <= 80, line)
  for (const { key, short, group } of options) {
    t.match(overviewText, new RegExp(`--${key}\\b`))
    if (short !== undefined)
      t.match(overviewText, new RegExp(`-${short}, --${key} |-${short}, --${key},`))
    t.ok(group)
  }
  for (const option of options) {
    const shown = option.shown ?? option.default
    if (shown !== undefined) t.ok(overviewText.includes(shown), `${option.key}: ${shown}`)
  }
  for (const { name, isHidden } of commands) {
    if (isHidden !== true) t.match(overviewText, new RegExp(`\\b${name} `))
  }
  t.end()
})

t.test('help for a command begins with three examples, within 80 columns', t => {
  for (const command of commands) {
    const lines = commandHelp(command).split('\n')
    t.equal(command.examples.length, 3, command.name)
    for (const [index, [line]] of command.examples.entries()) t.equal(lines[2 * index], `  ${line}`)
    const usage = lines.slice(lines.findIndex(line => line.startsWith('Usage:')))
    for (const line of usage) t.ok(line.length <= 80, line)
  }
  t.end()
})

t.test('the man page is the one that the program prints', async t => {
  const kept = await readFile(new URL('../../man/proxypypi.1', import.meta.url), 'utf8')
  t.equal(manPage(commands), kept, 'else: npm run build && bin/proxypypi.js man > man/proxypypi.1')
})

t.test('the man page keeps quotation marks, and one stop at the end of a sentence', t => {
  const page = manPage(commands)
  t.match(page, '.B proxypypi yank acme==1.2 \\-\\-reason \\(dqloses data\\(dq\n')
  t.notMatch(page, /[?!]\.$/m)
  t.end()
})

t.test('the README has the table of options as it is now', async t => {
  const text = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  t.ok(text.includes(optionTable()), 'else: put in what bin/proxypypi.js man markdown prints')
})
