import type { JsonObject } from '../../disk/json.ts'
import { HttpError } from '../../http/error.ts'
import { readIndexName, type IndexName } from '../../spec/index-name.ts'
import { projectName, type Name } from '../../spec/project-name.ts'

/** What a push request asks for (devpi-api 13), checked for itself. */
export interface PushOrder {
  /** As it was asked for, for messages. */
  readonly title: string
  readonly name: Name
  readonly version: string
  readonly withFiles: boolean
  readonly withDocs: boolean
  readonly to:
    | { readonly kind: 'index'; readonly index: IndexName }
    | {
        readonly kind: 'elsewhere'
        readonly url: URL
        readonly username: string
        readonly password: string
        readonly register: boolean
      }
}

const longest = 2000

const bad = (text: string): HttpError => new HttpError(400, text)

const readText = (body: JsonObject, key: string): string => {
  const value = body[key]
  if (value === undefined) throw bad(`a push needs the member ${key}`)
  if (typeof value !== 'string' || value.length > longest)
    throw bad(`the member ${key} must be a text of at most ${longest} characters`)
  return value
}

const readFlag = (body: JsonObject, key: string): boolean => {
  const value = body[key] ?? false
  if (typeof value !== 'boolean') throw bad(`the member ${key} must be true or false`)
  return value
}

const common = ['name', 'version', 'no_docs', 'only_docs']
const internal = new Set([...common, 'targetindex'])
const external = new Set([...common, 'posturl', 'username', 'password', 'register_project'])

const refuseUnknown = (body: JsonObject, known: ReadonlySet<string>): void => {
  const unknown = Object.keys(body).filter(key => !known.has(key))
  if (unknown.length > 0)
    throw bad(`unknown additional options: ${unknown.toSorted().slice(0, 20).join(', ')}`)
}

const readUrl = (text: string): URL => {
  if (!/^https?:\/\/[^\s\p{Cc}]+$/iu.test(text) || !URL.canParse(text))
    throw bad('the member posturl must be an http or https URL')
  return new URL(text)
}

const readTarget = (body: JsonObject): PushOrder['to'] => {
  if (body['targetindex'] !== undefined) {
    refuseUnknown(body, internal)
    const index = readIndexName(readText(body, 'targetindex'))
    if (index === undefined) throw bad('targetindex not in format user/index')
    return { kind: 'index', index }
  }
  refuseUnknown(body, external)
  if (body['posturl'] === undefined) throw bad('a push needs the member targetindex or posturl')
  return {
    kind: 'elsewhere',
    url: readUrl(readText(body, 'posturl')),
    username: readText(body, 'username'),
    password: readText(body, 'password'),
    register: readFlag(body, 'register_project'),
  }
}

/**
 * Reads the body of a push request.
 * @throws {HttpError} 400 with devpi's words where it has some
 */
export const readPushOrder = (body: JsonObject): PushOrder => {
  const title = readText(body, 'name')
  const version = readText(body, 'version')
  const name = projectName(title)
  if (name === undefined) throw bad('the member name is no project name')
  const onlyDocs = readFlag(body, 'only_docs')
  const noDocs = readFlag(body, 'no_docs')
  if (onlyDocs && noDocs) throw bad("can't use 'no_docs' and 'only_docs' together")
  const to = readTarget(body)
  return { title, name, version, withFiles: !onlyDocs, withDocs: !noDocs, to }
}
