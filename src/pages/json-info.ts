import type { CoreMetadata } from '../spec/core-metadata.ts'
import type { Name } from '../spec/project-name.ts'

/** What the files of a release say of it, whether or not its core metadata is known. */
export interface Described {
  readonly name: Name
  readonly version: string
  readonly requiresPython: string | null
  readonly yanked: boolean
  readonly yankedReason: string | null
}

const projectUrls = (entries: readonly string[]): Record<string, string> | null => {
  const pairs = entries.flatMap(entry => {
    const comma = entry.indexOf(',')
    const [label, url] = [entry.slice(0, comma).trim(), entry.slice(comma + 1).trim()]
    return comma > 0 && url !== '' ? [[label, url] as const] : []
  })
  return pairs.length === 0 ? null : Object.fromEntries(pairs)
}

// PyPI says null where a release declares none.
const unlessEmpty = (list: readonly string[] | undefined): readonly string[] | null =>
  list === undefined || list.length === 0 ? null : list

/**
 * The `info` of a release as PyPI's JSON API has it (PY-3); what is not known is null or -1.
 * @param told its core metadata, if it is known
 * @param root our URL, ending in a slash
 */
export const jsonInfo = (
  described: Described,
  told: Partial<CoreMetadata>,
  root: string,
): Record<string, unknown> => {
  const { name, version } = described
  const page = `${root}simple/${name}/`
  return {
    author: told.author ?? null,
    author_email: told.authorEmail ?? null,
    bugtrack_url: null,
    classifiers: told.classifiers ?? [],
    description: told.description ?? null,
    description_content_type: told.descriptionContentType ?? null,
    docs_url: null,
    download_url: told.downloadUrl ?? null,
    downloads: { last_day: -1, last_month: -1, last_week: -1 },
    dynamic: unlessEmpty(told.dynamic),
    home_page: told.homePage ?? null,
    keywords: told.keywords ?? null,
    license: told.license ?? null,
    license_expression: told.licenseExpression ?? null,
    license_files: unlessEmpty(told.licenseFiles),
    maintainer: told.maintainer ?? null,
    maintainer_email: told.maintainerEmail ?? null,
    name: told.name ?? name,
    package_url: page,
    platform: told.platforms?.join(',') || null,
    project_url: page,
    project_urls: projectUrls(told.projectUrls ?? []),
    provides_extra: unlessEmpty(told.providesExtra),
    release_url: page,
    requires_dist: unlessEmpty(told.requiresDist),
    requires_python: told.requiresPython ?? described.requiresPython,
    summary: told.summary ?? null,
    version,
    yanked: described.yanked,
    yanked_reason: described.yankedReason,
  }
}
