import type { Right } from '../../accounts/rights.ts'
import type { Opened } from '../../index/registry.ts'
import type { Name } from '../../spec/project-name.ts'
import { forbidden, Refusal } from './envelope.ts'
import { hasFlag, type DevpiRequest } from './request.ts'

/** What is to be deleted. */
export interface Removal {
  readonly right: Right
  readonly project?: Name | undefined
  /** What is said where the index is not volatile and nothing forces it. */
  readonly lasting: string
}

/** Refuses a deletion that may not be: 403 without the right, or of what is to last unless `force` is in the query. */
export const requireRemoval = (
  request: DevpiRequest,
  { name, config }: Opened,
  { right, project, lasting }: Removal,
): void => {
  const { visitor, sources } = request
  if (!sources.access.may(right, visitor, { index: name, config, project }))
    throw forbidden(`no permission to delete anything of index ${name}`)
  if (!config.volatile && !hasFlag(request, 'force'))
    throw new Refusal(403, lasting, { shape: 'mixed' })
}
