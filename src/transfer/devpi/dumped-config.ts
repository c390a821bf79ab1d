import { importedIndexConfig, rootConfig, type IndexConfig } from '../../spec/index-config.ts'
import { rootIndex, splitIndexName, type IndexName } from '../../spec/index-name.ts'
import { isObject, type JsonObject } from '../../spec/json-value.ts'

const retired = /^https?:\/\/pypi\.python\.org\//

// What old servers wrote, as today's do.
const modern = (name: IndexName, given: JsonObject): JsonObject => {
  const {
    pypi_whitelist: whitelist,
    uploadtrigger_jenkins: jenkins,
    mirror_url: url,
    mirror_web_url_fmt: page,
    bases,
    acl_pkg_read: readers,
    ...others
  } = given
  // The host of PyPI of old answers no more.
  const isRetired = typeof url === 'string' && retired.test(url)
  const mirror = isRetired ? rootConfig.mirror_url : (url ?? undefined)
  const web = typeof page === 'string' && retired.test(page) ? rootConfig.mirror_web_url_fmt : page
  return {
    ...(whitelist !== undefined && { mirror_whitelist: whitelist }),
    ...others,
    // What plugins of devpi called it: who may read there must be all who may read here.
    ...(readers !== undefined && readers !== null && { acl_read: readers }),
    // Whoever inherits itself inherits nothing by that.
    ...(Array.isArray(bases) && { bases: bases.filter(base => base !== name) }),
    ...(typeof jenkins === 'string' && jenkins !== '' && { uploadtrigger_jenkins: jenkins }),
    ...(mirror !== undefined && { mirror_url: mirror }),
    ...(web !== undefined && { mirror_web_url_fmt: web }),
  }
}

/**
 * The settings of an index in an export, keys of plugins that we know nothing of included.
 * @throws {InputError} for a type that only a plugin knows, and for values that cannot be
 */
export const readDumpedConfig = (name: IndexName, value: unknown): IndexConfig => {
  const config = importedIndexConfig(
    splitIndexName(name).user,
    modern(name, isObject(value) ? value : {}),
  )
  const isBare = config.type === 'mirror' && config.mirror_url === undefined
  return name === rootIndex && isBare ? { ...rootConfig, ...config } : config
}
