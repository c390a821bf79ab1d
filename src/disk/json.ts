import { readFile } from 'node:fs/promises'
import { hasCode, orAbsent } from './error-code.ts'

/** An object read from a JSON file, its values still unchecked. */
export type JsonObject = Readonly<Record<string, unknown>>

/** A JSON text as an object; undefined for anything else, since a broken record is a missing one (fault S20). */
export const parseObject = (text: string): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ?
        (value as JsonObject)
      : undefined
  } catch {
    return undefined
  }
}

/** The record in a JSON file; undefined when the file is absent, broken or no file. */
export const readObject = async (path: string): Promise<JsonObject | undefined> => {
  const text = await orAbsent(readFile(path, 'utf8')).catch((error: unknown) => {
    if (hasCode(error, 'EISDIR')) return undefined
    throw error
  })
  return text === undefined ? undefined : parseObject(text)
}
