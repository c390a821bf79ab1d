import { HttpError } from '../http/error.ts'
import type { Exchange } from '../http/exchange.ts'
import { receiveText } from '../http/receive.ts'
import { json } from '../http/reply.ts'
import type { Selection, Stage } from '../index/stage.ts'
import { parseObject } from '../disk/json.ts'
import { distFilename, type Filename } from '../spec/filename.ts'
import { projectName, type Name } from '../spec/project-name.ts'
import { isVersion } from '../spec/version.ts'
import type { GuardedHandler } from './access.ts'
import { actorOf } from './actor.ts'
import type { Publishing } from './publish.ts'

/** What can be done with what was published. */
export type Change = 'yank' | 'unyank' | 'delete' | 'restore'

/** Longest body, in bytes. */
const most = 64 * 1024

interface Asked {
  readonly name: Name
  readonly selection: Selection
  readonly reason: string | undefined
}

const keys = new Set(['project', 'version', 'filename', 'reason'])

const readAsked = (body: string): Asked => {
  const given = parseObject(body)
  if (given === undefined)
    throw new HttpError(400, 'send a JSON object such as {"project": "acme", "version": "1.2"}')
  for (const [key, value] of Object.entries(given))
    if (!keys.has(key) || typeof value !== 'string')
      throw new HttpError(400, 'only project, version, filename and reason are known, each a text')
  const { project, version, filename, reason } = given as Readonly<Record<string, string>>
  const name = projectName(project ?? '')
  if (name === undefined) throw new HttpError(400, 'project must be the name of a project')
  if (version !== undefined && !isVersion(version))
    throw new HttpError(400, 'version must be a version by PEP 440')
  const file = filename === undefined ? undefined : distFilename(filename)
  if (filename !== undefined && file === undefined)
    throw new HttpError(400, 'filename must be the name of a distribution')
  if (version === undefined && file === undefined)
    throw new HttpError(400, 'say which: a version, or the filename of one distribution')
  const selection = {
    ...(version !== undefined && { version }),
    ...(file !== undefined && { filename: file }),
  }
  return { name, selection, reason }
}

const carryOut = (
  stage: Stage,
  change: Change,
  { name, selection, reason }: Asked,
  by: string | undefined,
): Promise<Filename[]> => {
  if (change === 'yank') return stage.yank(name, selection, reason ?? true, by)
  if (change === 'unyank') return stage.unyank(name, selection, by)
  if (change === 'delete') return stage.remove(name, selection, by)
  return stage.restore(name, selection, by)
}

/**
 * `POST /-/yank`, `/-/unyank`, `/-/delete`, `/-/restore` with a JSON object of `project`, `version`
 * or `filename`, and `reason`: the same as the commands of these names. Answers with the files that
 * were changed.
 */
export const changeHandler =
  ({ stage, access, journal }: Publishing, change: Change): GuardedHandler =>
  async (exchange: Exchange, rest, visitor) => {
    if (rest.length > 0) throw new HttpError(404, 'not found: no such path')
    const asked = readAsked(await receiveText(exchange, most))
    access.requirePublish(visitor, asked.name)
    const files = await carryOut(stage, change, asked, visitor.user)
    for (const file of files)
      await journal.record({
        ...actorOf(exchange),
        event: change,
        project: asked.name,
        version: asked.selection.version,
        file,
        change: asked.reason,
      })
    return json(200, { project: asked.name, files })
  }
