import type { Opened } from '../../index/registry.ts'
import { Refusal } from './envelope.ts'
import type { FilePlace } from './file-place.ts'
import { pathOf } from './links.ts'

/** 404 in devpi's words. */
export const noFile = (): Refusal => new Refusal(404, 'no such file', { shape: 'mixed' })

/** True when a distribution was at a place that was deleted or replaced by other bytes. */
export const isGone = async ({ stage }: Opened, place: FilePlace): Promise<boolean> => {
  const { digest } = place
  if (stage === undefined || digest === undefined) return false
  for (const { name, filename } of place.wanted)
    if (await stage.isGone(name, filename, digest)) return true
  return false
}

// What upstream lists and has lost is told in words that devpi's tests look for.
const isLost = async (index: Opened, { wanted }: FilePlace): Promise<boolean> => {
  if (index.stage !== undefined) return false
  for (const { name, path } of wanted) {
    const page = await (await index.own.project(name))?.page()
    if (page?.files.some(file => pathOf(index, file) === path) === true) return true
  }
  return false
}

/** Why there is nothing at a place. */
export const whyNot = async (index: Opened, place: FilePlace): Promise<Refusal> => {
  if (await isGone(index, place))
    return new Refusal(410, 'file existed, deleted in later serial', { shape: 'mixed' })
  return (await isLost(index, place)) ?
      new Refusal(404, `error 404 getting ${place.filename}: upstream lists it and has lost it`, {
        shape: 'api',
      })
    : noFile()
}
