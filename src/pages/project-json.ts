import type { JsonObject } from '../disk/json.ts'
import type { CoreMetadata } from '../spec/core-metadata.ts'
import type { File, Page } from '../spec/page.ts'
import { versionKey } from '../spec/same-version.ts'
import { jsonInfo } from './json-info.ts'
import { isYankedRelease, jsonReleases, latestRelease, type JsonRelease } from './json-releases.ts'
import type { UpstreamJson } from './upstream-json.ts'

/** From what an answer of the JSON API is made. */
export interface JsonParts {
  readonly page: Page
  /** What upstream's own JSON API tells of the project, and of the release that is asked for. */
  readonly project: UpstreamJson | undefined
  readonly release?: UpstreamJson | undefined
  /** False where nothing but the page's files may be shown. */
  readonly isWhole: boolean
  /** Our URL, ending in a slash. */
  readonly root: string
  /** The core metadata in one of these files, as much as is known of it. */
  readonly metadata: (files: readonly File[]) => Promise<Partial<CoreMetadata>>
}

const serialOf = (page: Page, told: UpstreamJson | undefined): number =>
  told?.serial ?? page.meta['_last-serial'] ?? -1

const reasonOf = ({ json }: JsonRelease): string | null => {
  const reason = json.find(file => typeof file['yanked_reason'] === 'string')?.['yanked_reason']
  return typeof reason === 'string' ? reason : null
}

const ownInfo = async (
  { page, root, metadata }: JsonParts,
  release: JsonRelease,
): Promise<JsonObject> => {
  const python = release.json.find(file => typeof file['requires_python'] === 'string')
  const yanked = isYankedRelease(release)
  const described = {
    name: page.name,
    version: release.version,
    requiresPython: (python?.['requires_python'] as string | undefined) ?? null,
    yanked,
    yankedReason: yanked ? reasonOf(release) : null,
  }
  return jsonInfo(described, await metadata(release.listed), root)
}

// Quarantined upstream, which means malware: nothing of it is offered, ours neither (SA-92).
const isQuarantined = ({ 'project-status': status }: Page): boolean =>
  status?.status === 'quarantined'

/**
 * A project as `/pypi/P/json` has it (PY-1, PY-3 to PY-5); undefined when it has no release. Where
 * upstream's answer tells of the latest release it is passed on unchanged, but for the URLs of files
 * and what only we have.
 */
export const projectJson = async (parts: JsonParts): Promise<JsonObject | undefined> => {
  const { page, project, isWhole, root } = parts
  if (isQuarantined(page)) return undefined
  const releases = jsonReleases(page, project, isWhole, root)
  const latest = latestRelease(releases)
  const told = project === undefined ? undefined : releases.get(versionKey(project.version))
  const knows = latest === undefined || (project?.releases.get(latest.version) ?? []).length > 0
  const isTold = told !== undefined && (told === latest || (isWhole && knows))
  const chosen = isTold ? told : latest
  if (chosen === undefined) return undefined
  return {
    ...project?.others,
    info: isTold && project !== undefined ? project.info : await ownInfo(parts, chosen),
    last_serial: serialOf(page, project),
    releases: Object.fromEntries(
      [...releases.values()].map(({ version, json }) => [version, json]),
    ),
    urls: chosen.json,
    vulnerabilities: isTold ? (project?.vulnerabilities ?? []) : [],
  }
}

/** One release as `/pypi/P/V/json` has it; undefined when there is no such release, in any spelling. */
export const releaseJson = async (
  parts: JsonParts,
  version: string,
): Promise<JsonObject | undefined> => {
  const { page, release, project, isWhole, root } = parts
  if (isQuarantined(page)) return undefined
  const told = release ?? project
  const found = jsonReleases(page, told, isWhole, root).get(versionKey(version))
  if (found === undefined) return undefined
  if (found.json.length === 0 && release === undefined) return undefined
  const isTold = told !== undefined && versionKey(told.version) === versionKey(version)
  return {
    ...told?.others,
    info: isTold ? told.info : await ownInfo(parts, found),
    last_serial: serialOf(page, told),
    urls: found.json,
    vulnerabilities: isTold ? told.vulnerabilities : [],
  }
}
