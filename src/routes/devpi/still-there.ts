/**
 * Whoever puts something into an index does not keep it from being deleted. What would then lie there
 * nobody had asked for who makes the next index of that name.
 */
import { alone } from '../../accounts/alone.ts'
import { eraseIndex } from '../../index/erase-index.ts'
import type { Opened } from '../../index/registry.ts'
import { rootIndex, type IndexName } from '../../spec/index-name.ts'
import { Refusal } from './envelope.ts'
import type { DevpiSources } from './request.ts'

const gone = (name: IndexName): Refusal => new Refusal(404, `${name} was deleted meanwhile`)

/**
 * An index as it is now, after something that took a while.
 * @throws {Refusal} 404 when it was deleted
 */
export const openAgain = async (
  { registry }: Pick<DevpiSources, 'registry'>,
  name: IndexName,
): Promise<Opened> => {
  const index = await registry.open(name)
  if (index === undefined) throw gone(name)
  return index
}

/**
 * To be called when something was put into an index: takes it away again if the index was deleted.
 * @throws {Refusal} 404 then
 */
export const requireStillThere = async (
  { configs, layout }: Pick<DevpiSources, 'configs' | 'layout'>,
  { name }: Pick<Opened, 'name'>,
): Promise<void> => {
  if (name === rootIndex || (await configs.get(name)) !== undefined) return
  // After the deletion has ended, and not in an index that was made since.
  await alone(layout, `index ${name}`, async () => {
    if (configs.stamp(name) === '-') await eraseIndex(layout.of(name))
  })
  throw gone(name)
}
