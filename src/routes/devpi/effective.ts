import type { IndexConfig } from '../../spec/index-config.ts'
import { rootIndex, type IndexName } from '../../spec/index-name.ts'
import type { DevpiSources } from './request.ts'

/** The settings of an index as they work: where the root index comes from, the server's settings may say. */
export const effective = (
  { rootUrl }: DevpiSources,
  name: IndexName,
  config: IndexConfig,
): IndexConfig =>
  name === rootIndex && config.type === 'mirror' && rootUrl !== undefined ?
    { ...config, mirror_url: rootUrl }
  : config
