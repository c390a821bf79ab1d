import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Users } from '../../accounts/users.ts'
import { Changes } from '../../disk/changes.ts'
import { orAbsent } from '../../disk/error-code.ts'
import { parseObject } from '../../disk/json.ts'
import { Facts } from '../../index/facts.ts'
import type { Indexes } from '../../index/open.ts'
import { Contents } from './contents.ts'
import { DumpError, findFile } from './copy.ts'
import { readDump, type Dump } from './dump.ts'
import type { DumpedIndex } from './dumped-index.ts'
import { importIndex, importUser } from './people.ts'
import { Tally } from './tally.ts'

/**
 * Reads what devpi-server's export says of itself.
 * @param directory the export
 * @throws {Error} when it is none, or one that cannot be understood
 */
export const openDump = async (directory: string): Promise<Dump> => {
  const path = join(directory, 'dataindex.json')
  const text = await orAbsent(readFile(path, 'utf8'))
  if (text === undefined)
    throw new DumpError(`${directory} is no export of devpi-server: it has no dataindex.json`)
  const object = parseObject(text)
  if (object === undefined) throw new DumpError(`${path} is damaged: it holds no JSON object`)
  return readDump(object)
}

/** Brings an export of devpi-server into a directory, beside what is there. */
export class DevpiImport {
  readonly #indexes: Indexes
  readonly #directory: string
  readonly #tally = new Tally()

  /** @param directory the export */
  constructor(indexes: Indexes, directory: string) {
    this.#indexes = indexes
    this.#directory = directory
  }

  /**
   * Does it. Each user, index and file comes as a whole or not at all, and what is there already stays
   * as it is: so it can be done again after it was broken off, and goes on where it was.
   * @throws {DumpError} when a file of the export is missing, before anything is written, or damaged
   */
  async run(dump: Dump): Promise<Tally> {
    for (const { projects } of dump.indexes)
      for (const { files } of projects.values())
        for (const { place } of files) await findFile(this.#directory, place)
    const users = new Users(this.#indexes.layout)
    for (const user of dump.users) await importUser(users, user, this.#tally)
    const { configs } = this.#indexes
    for (const index of dump.indexes)
      if (await importIndex({ configs, users }, index, dump, this.#tally))
        await this.#contents(index)
    if (this.#tally.added.size > 0) await new Changes(this.#indexes.layout).note()
    return this.#tally
  }

  async #contents({ name, projects, problems }: DumpedIndex): Promise<void> {
    this.#tally.problems.push(...problems)
    const index = await this.#indexes.registry.open(name)
    if (index === undefined) throw new Error(`index ${name} was removed meanwhile; try again`)
    for (const [project, dumped] of projects) {
      await new Contents(index, project, this.#directory, this.#tally).import(dumped)
      // A name without releases is private for devpi all the same, as is one whose import broke off.
      if (index.stage !== undefined)
        await new Facts(index.layout).claim(project, new Date().toISOString())
    }
  }
}
